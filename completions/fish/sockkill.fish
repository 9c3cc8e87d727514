# SPDX-License-Identifier: MIT
# fish completion of sockkill. Written by completions/generate from the program's own help; change that instead.
complete -c sockkill -f
complete -c sockkill -n __fish_use_subcommand -f -a apply -d 'Destroy the sockets of every banned event on stdin; pass lines on.'
complete -c sockkill -n __fish_use_subcommand -f -a list -d 'List the sockets that a filter would destroy.'
complete -c sockkill -l all -d 'allow a filter that matches everything'
complete -c sockkill -l dry-run -d 'only say what would be destroyed'
complete -c sockkill -s o -l output -x -a 'table json plain' -d 'how sockets are listed'
complete -c sockkill -l config -r -F -d 'read options from FILE (TOML)'
complete -c sockkill -l node -x -d 'name of this host in events'
complete -c sockkill -s q -l quiet -d 'no warnings'
complete -c sockkill -s v -l verbose -d 'say more on stderr'
complete -c sockkill -s h -l help -d 'show this help'
complete -c sockkill -l version -d 'show the version'
