#!/bin/sh
case $1 in
    master) value=0 ;;
    *) value=1 ;;
esac
exec mariadb --no-defaults --socket=/run/mysqld/mysqld.sock -e "SET GLOBAL read_only=$value"
