# Turns the templates named on the command line into the C array that supervisor/cli/schema_script.h
# declares, one string literal per line of text.
BEGIN {
    print "/* Made by sql/embed.awk from the templates in sql/. */"
    print "#include \"cli/schema_script.h\"\n"
    print "const struct schema_template schema_templates[] = {"
}
FNR == 1 {
    if (NR > 1)
        print "    },"
    name = FILENAME
    sub(/.*\//, "", name)
    printf "    {\"%s\",\n", name
}
{
    gsub(/\\/, "\\\\")
    gsub(/"/, "\\\"")
    printf "     \"%s\\n\"\n", $0
}
END {
    print "    },"
    print "    {NULL, NULL},"
    print "};"
}
