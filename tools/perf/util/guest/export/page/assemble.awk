# SPDX-License-Identifier: GPL-2.0
# assemble.awk -v room=ROOM -v name=NAME DIR/page.html: the page, with "@include FILE" replaced by DIR/FILE, as a string of C.

function line(text)
{
	gsub(/[\\"?]/, "\\\\&", text)
	print "\"" text "\\n\""
}

BEGIN {
	print "#include \"guest/" room "/page.h\""
	print "const char " name "[] ="
}

/^@include / {
	file = FILENAME
	sub(/[^\/]*$/, $2, file)
	lines = 0
	while ((status = (getline text < file)) > 0) {
		# the licence of all parts is that of the page
		if (text !~ /SPDX-License-Identifier/)
			line(text)
		lines++
	}
	if (status < 0 || !lines) {
		print file ": cannot be read" > "/dev/stderr"
		exit 1
	}
	next
}

{ line($0) }

END { print ";" }
