#!/usr/bin/env bash
# Explores the model of the rotation rule, Models/rotation.pml, with spin, in each of Models/settings, and compares
# what comes out with what has to.
#
#   Scripts/model.sh                    every setting
#   Scripts/model.sh --quick            those marked `quick`, in about two minutes
#   Scripts/model.sh NAME...            these settings; their counter-examples are told as stories
#   Scripts/model.sh --break SWITCH     every setting that has to hold, with a mistake: --break LATE_ROW=0, or another
#                                       of the switches under "The rule" in the model. Shows that the run can fail.
set -euo pipefail
cd "$(dirname "$0")/.."

quick=false mistake='' names=()
while (($# > 0)); do
    case $1 in
    --quick) quick=true ;;
    --break) mistake=${2:?"--break needs a switch, such as LATE_ROW=0"} && shift ;;
    -*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2 && exit 64 ;;
    *) names+=("$1") ;;
    esac
    shift
done
Scripts/install.sh --model

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp Models/rotation.pml "$folder"

# compile NAME SWITCHES -- OPTIONS: makes the program NAME that explores the model.
compile() {
    local name=$1 switches=()
    shift
    while [[ $1 != -- ]]; do switches+=("$1") && shift; done
    shift
    (
        cd "$folder"
        rm -f pan.*
        if ! spin -a "${switches[@]}" rotation.pml >spin.log 2>&1 || [[ ! -e pan.c ]]; then
            cat spin.log >&2
            exit 1
        fi
        # No reduction of the order of steps: every step touches what all share.
        cc -O2 -w -DSAFETY -DNOREDUCE "$@" -o "$name" pan.c
    )
}

# explore SWITCHES: sets verdict, states, rows, more.
explore() {
    local wanted=$1 log=$folder/log
    shift
    if [[ $wanted == holds ]]; then
        # Depth first and with collapsed states: the least memory. The bound on depth is checked below.
        compile explorer "$@" -- -DCOLLAPSE
        (cd "$folder" && nice ./explorer -m4000000 -w22 -Q60 -n) >"$log" 2>&1 || true
    fi
    if [[ $wanted != holds ]] || grep -q 'assertion violated' "$log"; then
        # Breadth first: the shortest counter-example.
        compile explorer "$@" -- -DBFS
        (cd "$folder" && nice ./explorer -w22 -Q60 -n) >"$log" 2>&1 || true
    fi
    states=$(awk '/ states, stored$/ { print $1; exit }' "$log")
    rows=$(awk '/^rows:/ { for (i = 3; i <= NF; i += 2) if ($i > 0) printf "%s ", $(i - 1) }' "$log")
    more=''
    case $(grep 'assertion violated' "$log" || true) in
    '') verdict=holds ;;
    *turns*) verdict=turns ;;
    *told*) verdict=after-end ;;
    *superseded*) verdict='late' ;;
    *) verdict=sign-out ;;
    esac
    # Without this line the search has not come to its end; with one of the others it has left something out.
    if ! grep -q 'errors: ' "$log" || [[ $verdict == holds ]] && grep -Eq 'not completed|too small|out of memory' "$log"
    then
        verdict=unfinished
        tail -n 5 "$log" >&2
    fi
    if [[ $verdict == holds ]] && ! grep -q '^full: .* client 0$' "$log"; then more=at-once; fi
}

# Tells the counter-example that was found last.
tell() {
    compile teller -DSTORY "$@" --
    (cd "$folder" && ./teller -S) | sed -e '/^pan:1/,$d' -e 's/^/    /'
}

format='%-24s %-10s %-10s %10s %6s  %s\n'
# shellcheck disable=SC2059
printf "$format" setting expected found states s 'rows decided'
failures=0 count=0 bounded=false started=$SECONDS
while IFS='|' read -r name part wanted switches; do
    name=${name// /} part=${part// /} wanted=${wanted// /}
    if [[ -z $name || $name == \#* ]]; then continue; fi
    if $quick && [[ $part != quick ]]; then continue; fi
    if ((${#names[@]} > 0)) && [[ " ${names[*]} " != *" $name "* ]]; then continue; fi
    if [[ -n $mistake && $wanted != holds ]]; then continue; fi
    read -ra list <<<"$switches"
    if [[ -n $mistake ]]; then list+=("-D${mistake#-D}"); fi
    before=$SECONDS
    explore "$wanted" "${list[@]}"
    mark=''
    if [[ -n $more ]]; then mark=' *' bounded=true; fi
    # shellcheck disable=SC2059
    printf "$format" "$name" "$wanted" "$verdict$mark" "$states" "$((SECONDS - before))" "$rows"
    count=$((count + 1))
    if [[ $verdict != "$wanted" ]]; then
        failures=$((failures + 1))
        echo "error: $name (${list[*]}): expected $wanted, found $verdict" >&2
    fi
    if [[ $verdict != holds && $verdict != unfinished ]] && [[ $verdict != "$wanted" || ${#names[@]} -gt 0 ]]; then
        tell "${list[@]}"
    fi
done <Models/settings

if $bounded; then
    echo '* complete for as many tokens at one time as the setting has; without a star, those were always enough'
fi
if ((count == 0)); then
    echo "error: there is no such setting in Models/settings: ${names[*]-}" >&2
    exit 64
fi
echo "$count settings in $((SECONDS - started)) s, $failures not as expected; every search went to its end unless said"
((failures == 0))
