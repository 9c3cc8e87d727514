# SPDX-License-Identifier: MIT
# fish completion of xlog-tail. Written by completions/generate from the program's own help; change that instead.
complete -c xlog-tail -l no-follow -d 'read to the end and stop'
complete -c xlog-tail -l from -x -a 'start end last' -d 'where to begin; last: where the checkpoint says'
complete -c xlog-tail -l checkpoint -r -F -d 'keep in FILE where reading got to'
complete -c xlog-tail -l timezone -x -d 'the log\'s time zone'
complete -c xlog-tail -l explain -x -d 'show how one line is read, step by step'
complete -c xlog-tail -l command -x -d 'read what a program writes; takes the rest of the line'
complete -c xlog-tail -l config -r -F -d 'read options from FILE (TOML)'
complete -c xlog-tail -l node -x -d 'name of this host in events'
complete -c xlog-tail -s q -l quiet -d 'no warnings'
complete -c xlog-tail -s v -l verbose -d 'say more on stderr'
complete -c xlog-tail -s h -l help -d 'show this help'
complete -c xlog-tail -l version -d 'show the version'
