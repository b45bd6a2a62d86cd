#include "plugin/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STALE = 256, CONFIG, PROGRAM, DIRECT, DEFAULTS_FILE, TLS_CA, PASSWORD };

static const struct option long_options[] = {
    {"mode", required_argument, NULL, 'm'},
    {"warning", required_argument, NULL, 'w'},
    {"critical", required_argument, NULL, 'c'},
    {"timeout", required_argument, NULL, 't'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {"socket", required_argument, NULL, 'S'},
    {"stale", required_argument, NULL, STALE},
    {"config", required_argument, NULL, CONFIG},
    {"program", required_argument, NULL, PROGRAM},
    {"direct", no_argument, NULL, DIRECT},
    {"hostname", required_argument, NULL, 'H'},
    {"port", required_argument, NULL, 'P'},
    {"user", required_argument, NULL, 'u'},
    {"defaults-file", required_argument, NULL, DEFAULTS_FILE},
    {"tls-ca", required_argument, NULL, TLS_CA},
    {"password", optional_argument, NULL, PASSWORD}, /* refused: see below */
    {0},
};

void options_print_help(void)
{
    fputs("Checks a MariaDB master-master pair: asks its supervisor, or both servers where none answers.\n"
          "\n"
          "usage: check_mysql_replcheck [-m MODE] [-w RANGE] [-c RANGE] [-t SECONDS] [-v]\n"
          "       check_mysql_replcheck -H ADDRESS[:PORT] -H ADDRESS[:PORT] [-u USER] [--defaults-file FILE] "
          "...\n"
          "\n"
          "  -m, --mode MODE           all (default), writer, lag, threads, gtid, offsets, vip, quorum, "
          "readiness\n"
          "  -w, --warning RANGE       for the mode's number: 10, 10:, ~:10, 10:20, @10:20\n"
          "  -c, --critical RANGE      all and lag take times: 500ms, 10s, 2m; the others counts\n"
          "  -t, --timeout SECONDS     an answer is given by then (10)\n"
          "  -v, --verbose             each problem and its remedy; -vv also servers and voters; -vvv how it "
          "was asked\n"
          "  -V, --version\n"
          "  -h, --help\n"
          "      --extra-opts[=[SECTION][@FILE]]\n"
          "                            options from an ini file, as the Monitoring Plugins take them\n"
          "\n"
          "  -S, --socket PATH         the supervisor's (/run/mysql-replcheck/control.sock)\n"
          "      --stale SECONDS       older facts do not count as an answer (10)\n"
          "      --config DIR          where cluster.yaml and node.conf are, for asking the servers\n"
          "      --direct              ask the servers, not the supervisor\n"
          "  -H, --hostname [NAME=]ADDRESS[:PORT]\n"
          "                            ask these servers: once for each of the two, numeric;\n"
          "                            NAME is for the performance data\n"
          "  -P, --port PORT           of both (3306)\n"
          "  -u, --user NAME           the account there (replcheck)\n"
          "      --defaults-file FILE  an option file with user and password under [client]\n"
          "      --tls-ca FILE         verify the servers against this CA\n"
          "      --program PATH        what asks the servers (" PKGLIBEXECDIR "/replcheck-direct)\n"
          "\n"
          "A password is never an argument: put it into the "
          "defaults file, or as password= into the ini file.\n",
          stdout);
}

/* The command line wins over the files, for all hosts: two of each would be a pair that nobody meant. */
static bool take_host(struct options *o, const char *text, struct err *e)
{
    if (optind > o->words.from_files && !o->hosts_replaced) {
        o->hosts_replaced = true;
        o->host_count = 0;
    }
    if (o->host_count == OPTIONS_HOSTS_MAX)
        return err_set(e, "--hostname: a pair has two servers, this is one more: %.64s", text);
    if (!*text)
        return err_set(e, "--hostname: an address is expected");
    o->hosts[o->host_count++] = text;
    return true;
}

static bool take(struct options *o, int c, const char *value, struct err *e)
{
    switch (c) {
    case 'm':
        return check_mode_option(&o->check.mode, value, e);
    case 't':
        return range_time_option(&o->timeout_s, "--timeout", value, e);
    case STALE:
        return range_time_option(&o->stale_s, "--stale", value, e);
    case 'H':
        return take_host(o, value, e);
    case PASSWORD:
        return err_set(
            e, "--password: every user of this host could read it; put it into --defaults-file or the ini "
               "file of --extra-opts");
    case 'v':
        o->verbose += o->verbose < 3;
        return true;
    case DIRECT:
        o->direct = true;
        return true;
    default:
        break;
    }
    const char **to = c == 'w'             ? &o->warning
                      : c == 'c'           ? &o->critical
                      : c == 'S'           ? &o->socket
                      : c == CONFIG        ? &o->config_dir
                      : c == PROGRAM       ? &o->program
                      : c == 'P'           ? &o->port
                      : c == 'u'           ? &o->user
                      : c == DEFAULTS_FILE ? &o->defaults_file
                                           : &o->tls_ca;
    *to = value;
    return true;
}

static bool check_together(struct options *o, struct err *e)
{
    if (o->host_count == 1)
        return err_set(e, "--hostname: give it twice, once for each server of the pair");
    if (!o->host_count && (o->port || o->user || o->defaults_file || o->tls_ca || o->password))
        return err_set(
            e,
            "user, password, port, defaults-file and tls-ca go with --hostname; without it they are read "
            "from %s/node.conf",
            o->config_dir);
    return check_range_option(&o->check.warning, o->check.mode, "--warning", o->warning, e) &&
           check_range_option(&o->check.critical, o->check.mode, "--critical", o->critical, e);
}

/* `c` was '?' or ':'. Names what stands there, as getopt took it. */
static bool complain(int c, int argc, char **argv, struct err *e)
{
    const char *word = optind > 0 && optind <= argc && argv[optind - 1] ? argv[optind - 1] : "";
    if (c == ':')
        return err_set(e, "%.64s: a value is missing; see --help", word);
    /* Amid several short ones in a word that word is not done with, and the one before it is innocent. */
    if (optopt && optopt < STALE && !(strncmp(word, "--", 2) == 0 && strchr(word, '=')))
        return err_set(e, "-%c: there is no such option; see --help", optopt);
    return err_set(e, "%.64s: there is no such option, or not with a value; see --help", word);
}

void options_free(struct options *o)
{
    extra_opts_free(&o->words);
}

enum options_result options_parse(struct options *out, int argc, char **argv, struct err *e)
{
    struct extra_opts *x = &out->words;
    int c;
    *out = (struct options){.timeout_s = 10,
                            .stale_s = 10,
                            .socket = "/run/mysql-replcheck/control.sock",
                            .config_dir = "/etc/mysql-replcheck",
                            .program = PKGLIBEXECDIR "/replcheck-direct"};
    if (!extra_opts_expand(x, argc, argv, OPTIONS_PLUGIN, e))
        return OPTIONS_BAD;
    out->password = x->password;
    optind = 0; /* from the beginning, also a second time */
    while ((c = getopt_long(x->argc, x->argv, "+:m:w:c:t:vVhS:H:P:u:", long_options, NULL)) != -1) {
        if (c == 'h' || c == 'V')
            return c == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
        if (c == '?' || c == ':' ? !complain(c, x->argc, x->argv, e) : !take(out, c, optarg, e))
            return OPTIONS_BAD;
    }
    if (optind < x->argc) {
        err_set(e, "\"%.64s\" is no option; see --help", x->argv[optind]);
        return OPTIONS_BAD;
    }
    return check_together(out, e) ? OPTIONS_OK : OPTIONS_BAD;
}
