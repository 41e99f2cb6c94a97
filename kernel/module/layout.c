// SPDX-License-Identifier: GPL-2.0
/*
 * Where kvm_amd keeps a vCPU's VMCB is not in the kernel's headers, but in the type
 * information (BTF) of the kvm_amd that is loaded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/kvm_host.h>
#include <linux/namei.h>
#include <linux/vmalloc.h>
#include <uapi/linux/btf.h>

#include "layout.h"

#define BTF_OF_KERNEL	"/sys/kernel/btf/vmlinux"
#define BTF_OF_KVM_AMD	"/sys/kernel/btf/kvm_amd"
#define KVM_AMD		"/sys/module/kvm_amd"
/* That of a whole distribution kernel is six million bytes. */
#define BTF_SIZE_MAX	(64 << 20)

/**
 * struct btf_file - type information as sysfs has it
 * @data:        the file
 * @types:       its types
 * @strings:     their names
 * @types_len:   bytes of the types
 * @strings_len: bytes of the names, the last one 0
 * @base:        what has the names at offsets below its own @strings_len; NULL for the kernel
 */
struct btf_file {
	void *data;
	const void *types;
	const char *strings;
	u32 types_len, strings_len;
	const struct btf_file *base;
};

static bool is_within(u32 offset, u32 len, size_t size)
{
	return offset <= size && len <= size - offset;
}

/* Find the two parts of the file, which is @size bytes. */
static int parse_header(struct btf_file *btf, size_t size)
{
	const struct btf_header *hdr = btf->data;
	size_t rest;

	if (size < sizeof(*hdr) || hdr->magic != BTF_MAGIC || hdr->version != BTF_VERSION ||
	    hdr->hdr_len < sizeof(*hdr) || hdr->hdr_len > size)
		return -EINVAL;
	rest = size - hdr->hdr_len;
	if (!is_within(hdr->type_off, hdr->type_len, rest) ||
	    !is_within(hdr->str_off, hdr->str_len, rest) || !hdr->str_len)
		return -EINVAL;

	btf->types = btf->data + hdr->hdr_len + hdr->type_off;
	btf->types_len = hdr->type_len;
	btf->strings = btf->data + hdr->hdr_len + hdr->str_off;
	btf->strings_len = hdr->str_len;
	return btf->strings[btf->strings_len - 1] ? -EINVAL : 0;
}

/*
 * All of a file, for vfree(); bytes, or an error. Not kernel_read_file(): security modules
 * want to know what for, and have no word for this.
 */
static ssize_t read_file(const char *path, void **data)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	loff_t size, done = 0;
	ssize_t nr;

	if (IS_ERR(file))
		return PTR_ERR(file);
	size = i_size_read(file_inode(file));
	*data = size > 0 && size <= BTF_SIZE_MAX ? vmalloc(size) : NULL;
	while (*data && done < size) {
		nr = kernel_read(file, *data + done, size - done, &done);
		if (nr <= 0)
			break;
	}
	filp_close(file, NULL);
	return *data && done == size ? size : -EIO;
}

static int read_btf(struct btf_file *btf, const char *path, const struct btf_file *base)
{
	ssize_t size;

	btf->data = NULL;
	btf->base = base;
	size = read_file(path, &btf->data);
	return size < 0 ? size : parse_header(btf, size);
}

static const char *btf_name(const struct btf_file *btf, u32 offset)
{
	if (btf->base) {
		if (offset < btf->base->strings_len)
			return btf->base->strings + offset;
		offset -= btf->base->strings_len;
	}
	return offset < btf->strings_len ? btf->strings + offset : "";
}

/* Bytes that follow struct btf_type, -1 for a kind that is not known. */
static int bytes_after(const struct btf_type *type)
{
	u32 vlen = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_INT:
		return sizeof(u32);
	case BTF_KIND_VAR:
		return sizeof(struct btf_var);
	case BTF_KIND_DECL_TAG:
		return sizeof(struct btf_decl_tag);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return vlen * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return vlen * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return vlen * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return vlen * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return vlen * sizeof(struct btf_var_secinfo);
	default:
		return -1;
	}
}

static const struct btf_type *find_struct(const struct btf_file *btf, const char *name)
{
	const struct btf_type *type;
	u32 offset = 0;
	int after;

	while (is_within(offset, sizeof(*type), btf->types_len)) {
		type = btf->types + offset;
		offset += sizeof(*type);
		after = bytes_after(type);
		if (after < 0 || !is_within(offset, after, btf->types_len))
			break;
		if (BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT &&
		    !strcmp(btf_name(btf, type->name_off), name))
			return type;
		offset += after;
	}
	return NULL;
}

/* Offset of a member in bytes, -ENOENT if there is none of this name. */
static int member_offset(const struct btf_file *btf, const struct btf_type *type,
			 const char *name)
{
	const struct btf_member *m = (const struct btf_member *)(type + 1);
	u32 i, bits;

	for (i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		if (strcmp(btf_name(btf, m[i].name_off), name))
			continue;
		bits = BTF_INFO_KFLAG(type->info) ? BTF_MEMBER_BIT_OFFSET(m[i].offset) :
						    m[i].offset;
		return bits / BITS_PER_BYTE;
	}
	return -ENOENT;
}

static bool check_vcpu_svm(const struct btf_file *btf)
{
	const struct btf_type *type = find_struct(btf, "vcpu_svm");
	int vcpu, vmcb;

	if (!type) {
		pr_err("%s has no struct vcpu_svm: this module does not know this kernel's KVM\n",
		       BTF_OF_KVM_AMD);
		return false;
	}
	vcpu = member_offset(btf, type, "vcpu");
	vmcb = member_offset(btf, type, "vmcb");
	if (!vcpu && vmcb == sizeof(struct kvm_vcpu))
		return true;
	pr_err("kvm_amd has a vCPU at %d and its VMCB at %d, expected are 0 and %zu: build this module with the headers of the kernel that runs\n",
	       vcpu, vmcb, sizeof(struct kvm_vcpu));
	return false;
}

static bool exists(const char *name)
{
	struct path path;

	if (kern_path(name, LOOKUP_FOLLOW, &path))
		return false;
	path_put(&path);
	return true;
}

/**
 * check_layout() - is struct vcpu_svm of the kvm_amd that is loaded what vcpu.c has it for?
 *
 * Says so if not.
 *
 * Context: process.
 * Return: 0, or -ENODEV: insmod takes -ENOENT for an unknown symbol.
 */
int check_layout(void)
{
	struct btf_file kernel = { .data = NULL }, kvm_amd = { .data = NULL };
	bool good = false;
	int error;

	error = read_btf(&kernel, BTF_OF_KERNEL, NULL);
	if (error) {
		pr_err("cannot read %s (%d): a kernel with CONFIG_DEBUG_INFO_BTF is needed, and sysfs on /sys\n",
		       BTF_OF_KERNEL, error);
		goto out;
	}
	error = read_btf(&kvm_amd, BTF_OF_KVM_AMD, &kernel);
	if (error == -ENOENT && !exists(KVM_AMD))
		pr_err("kvm_amd is not loaded: load it first (modprobe kvm_amd)\n");
	else if (error)
		pr_err("cannot read %s (%d): a kvm_amd that was built with CONFIG_DEBUG_INFO_BTF_MODULES, for this kernel, is needed\n",
		       BTF_OF_KVM_AMD, error);
	else
		good = check_vcpu_svm(&kvm_amd);
out:
	vfree(kvm_amd.data);
	vfree(kernel.data);
	return good ? 0 : -ENODEV;
}
