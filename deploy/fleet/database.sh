#!/usr/bin/env bash
# Makes the role and the database of a fleet's journal on a PostgreSQL server, and prints the setting for the agents.
#
#   deploy/fleet/database.sh [--database NAME] [--role NAME] [--password-file FILE] [--address HOST] [--allow CIDR]...
#
#   --database       the database, owned by the role; default dmagents
#   --role           the role; default dmagents
#   --password-file  default /etc/dmagents/fleet-database.pass. Made with a new password if it is missing, mode 0600;
#                    copy it to each host of the fleet
#   --address        where the hosts reach the server; default this host's name
#   --allow          a network from which they come, such as 10.1.0.0/16: the server listens on all its addresses, and
#                    takes the role from there by TLS and password; may be repeated
#
# Done again it changes nothing that is as it should be. Without PGHOST it works on this host's Debian package, which it
# installs if it is missing (root needed); with PGHOST and PGUSER on that server, without --allow.
# Exit status: 0 done, 1 failed, 2 usage.
set -euo pipefail

database=dmagents
role=dmagents
file=/etc/dmagents/fleet-database.pass
address=
allow=()

fail() { echo "database: $1; next: $2" >&2; exit 1; }
usage() { sed -n '2,16s/^# \{0,1\}//p' "$0" >&2; exit 2; }
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --database) database=$2 ;;
    --role) role=$2 ;;
    --password-file) file=$2 ;;
    --address) address=$2 ;;
    --allow) allow+=("$2") ;;
    *) usage ;;
  esac
  shift 2
done
for name in "$database" "$role"; do
  [[ $name =~ ^[a-z][a-z0-9_]{0,62}$ ]] || fail "'$name' is not a name of a-z, 0-9 and _" "choose another name"
done
for network in ${allow[@]+"${allow[@]}"}; do
  [[ $network =~ ^[0-9a-fA-F.:]+/[0-9]+$ ]] || fail "'$network' is not a network" "give it as 10.1.0.0/16"
done

if [ -n "${PGHOST:-}" ]; then
  [ ${#allow[@]} = 0 ] || fail "--allow changes files of this host's server, and PGHOST names another" "leave one out"
  address=${address:-$PGHOST}
  port=${PGPORT:-5432}
  as_server() { "$@"; }
else
  [ "$(id -u)" = 0 ] || fail "root is needed for this host's server" "run it by sudo, or set PGHOST and PGUSER"
  if ! command -v pg_lsclusters > /dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q postgresql > /dev/null \
      || fail "the package postgresql cannot be installed" "see what apt-get says above"
  fi
  read -r version cluster port status _ < <(pg_lsclusters -h | sort -k1,1nr | head -n 1) \
    || fail "there is no cluster" "make one: pg_createcluster"
  case $status in online*) ;; *) pg_ctlcluster "$version" "$cluster" start ;; esac
  address=${address:-$(hostname -f)}
  export PGPORT=$port
  as_server() { setpriv --reuid postgres --regid postgres --init-groups --reset-env env PGPORT="$port" "$@"; }
fi
cd /
sql() { as_server psql -X -q -t -A -v ON_ERROR_STOP=1 -d "${1}" -f -; }

# The form of a .pgpass file, which the agents' driver and psql read.
if [ ! -s "$file" ]; then
  mkdir -p "$(dirname "$file")"
  (umask 077; printf '*:*:%s:%s:%s\n' "$database" "$role" "$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')" > "$file.new")
  mv "$file.new" "$file"
fi
chmod 0600 "$file"
password=$(awk -F: -v d="$database" -v r="$role" '$3 == d && $4 == r { print $5; exit }' "$file")
[ -n "$password" ] || fail "$file has no line for $role and $database" "give another --password-file, or add the line"
case $password in *[!A-Za-z0-9_=-]*) fail "the password in $file has other characters than letters, digits, '_', '-', '='" \
  "remove $file, and run this again" ;; esac

# The password goes by standard input: other users see a process's arguments.
sql postgres <<SQL
set password_encryption = 'scram-sha-256';
do \$\$ begin
  if not exists (select from pg_roles where rolname = '$role') then
    create role $role login;
  end if;
end \$\$;
alter role $role login password '$password';
SQL
if [ -z "$(echo "select 1 from pg_database where datname = '$database'" | sql postgres)" ]; then
  echo "create database $database owner $role encoding 'UTF8' template template0" | sql postgres
fi
sql postgres <<SQL
alter database $database owner to $role;
revoke connect on database $database from public;
SQL

if [ ${#allow[@]} -gt 0 ]; then
  hba=$(echo 'show hba_file' | sql postgres)
  for network in "${allow[@]}"; do
    line="hostssl $database $role $network scram-sha-256"
    grep -qxF "$line" "$hba" || echo "$line" >> "$hba"
  done
  if [ "$(echo 'show listen_addresses' | sql postgres)" != '*' ]; then
    echo "alter system set listen_addresses = '*'" | sql postgres
    pg_ctlcluster "$version" "$cluster" restart
  fi
  echo 'select pg_reload_conf()' | sql postgres > /dev/null
fi

echo "The password is in $file: copy it to each host of the fleet. In dmagents.conf of each:" >&2
echo "fleet.database = \"Host=$address;Port=$port;Database=$database;Username=$role;Passfile=$file\""
