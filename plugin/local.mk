# What this folder adds to the build: a program of its own that links nothing but libc, so that it starts at once.
plugindir = $(libdir)/nagios/plugins
plugin_PROGRAMS = check_mysql_replcheck
plugin_sources = plugin/answer.c plugin/answer.h plugin/ask.c plugin/ask.h plugin/direct.c plugin/direct.h \
	plugin/extra_opts.c plugin/extra_opts.h plugin/options.c plugin/options.h
check_mysql_replcheck_SOURCES = plugin/main.c $(plugin_sources)
check_mysql_replcheck_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
check_mysql_replcheck_LDADD = libwire.a libmodel.a libbase.a
