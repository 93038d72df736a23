#!/bin/bash
# In a guest of the lab, from the checkout: types the README's line that installs the agent, with stand-ins for sudo and
# systemd, which the guest lacks. The unit's own ExecStart is what starts. Called by clients.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "install: $*" >&2; exit 1; }

mkdir -p /tmp/bin /run/systemd/system /etc/systemd/system
printf '#!/bin/sh\nexec "$@"\n' > /tmp/bin/sudo
cat > /tmp/bin/systemctl << 'END'
#!/bin/sh
echo "$*" >> /tmp/systemctl.log
case $* in
  daemon-reload) ;;
  "enable --now dmagentd")
    command=$(sed -n 's/^ExecStart=//p' /etc/systemd/system/dmagentd.service)
    $command > /tmp/dmagentd.log 2>&1 &
    echo $! > /tmp/dmagentd.pid
    ;;
  *) echo "systemctl: the stand-in knows no: $*" >&2; exit 1 ;;
esac
END
chmod 755 /tmp/bin/*
export PATH=/tmp/bin:$PATH

line=$(sed -n '/^## Use it/,$p' README.md | sed '1,/^```$/d; /^```$/,$d' | head -n 1)
[[ $line == *deploy/install.sh* ]] || fail "the first line of 'Use it' is: $line"
echo "\$ $line"
eval "$line"
asked=$(paste -sd , /tmp/systemctl.log)
[[ $asked == "daemon-reload,enable --now dmagentd" ]] || fail "systemd was asked for: $asked"

until /usr/bin/dmagent host status > /tmp/status 2>&1; do
  kill -0 "$(cat /tmp/dmagentd.pid)" || fail "it does not start: $(cat /tmp/dmagentd.log)"
  sleep 0.2
done
cat /tmp/status
dmagentd --check-config || fail "the configuration that is installed is not taken"
# A second time: the configuration is kept.
echo '# mine' >> /etc/dmagents/dmagents.conf
deploy/install.sh
grep -qx '# mine' /etc/dmagents/dmagents.conf || fail "the configuration was overwritten"
echo "install: ok"
