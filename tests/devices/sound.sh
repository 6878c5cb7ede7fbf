#!/usr/bin/env bash
# A microphone without a sound card: a PulseAudio daemon of its own, whose default source hears what is played to it.
#
#   sound.sh start FOLDER    starts it; prints the variables to set for those who are to hear and to play
#   sound.sh stop FOLDER     ends it: the microphone is unplugged
#   sound.sh play FOLDER WAV somebody speaks
set -euo pipefail

command=${1:?start, stop or play}
folder=${2:?a folder of its own}
mkdir -p "$folder/run" "$folder/state"
export PULSE_RUNTIME_PATH=$folder/run PULSE_STATE_PATH=$folder/state PULSE_SERVER=unix:$folder/run/native
export HOME=$folder

case $command in
start)
    cat > "$folder/alsa.conf" <<'ALSA'
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
ALSA
    pulseaudio -n --daemonize=yes --exit-idle-time=-1 --use-pid-file=yes --log-level=error --log-target="file:$folder/log" \
        --load="module-native-protocol-unix socket=$folder/run/native auth-anonymous=1" \
        --load="module-null-sink sink_name=stage rate=48000 channels=2" \
        --load="module-remap-source source_name=mic master=stage.monitor" 2>> "$folder/log"
    for _ in $(seq 50); do
        if pactl set-default-source mic 2> /dev/null && pactl set-default-sink stage; then break; fi
        sleep 0.1
    done
    echo "ALSA_CONFIG_PATH=$folder/alsa.conf"
    echo "PULSE_SERVER=$PULSE_SERVER"
    ;;
stop)
    kill "$(cat "$folder/run/pid")"
    while [ -e "$folder/run/pid" ]; do sleep 0.05; done
    ;;
play)
    exec paplay --device=stage "${3:?a WAV file}"
    ;;
esac
