# What `make install` puts beside the programs; a file joins by being there.
set(XLIMIT_UNIT_DIR lib/systemd/system CACHE STRING "where units go, below the prefix unless absolute")

install(FILES man/xlimit-events.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/xlimit)
file(GLOB pages CONFIGURE_DEPENDS man/*.[1-8])
foreach(page IN LISTS pages)
  string(REGEX REPLACE ".*\\." "" section ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

file(GLOB words CONFIGURE_DEPENDS completions/bash/*)
install(FILES ${words} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
file(GLOB words CONFIGURE_DEPENDS completions/zsh/_*)
install(FILES ${words} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
file(GLOB words CONFIGURE_DEPENDS completions/fish/*.fish)
install(FILES ${words} DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

file(GLOB units CONFIGURE_DEPENDS systemd/*.socket systemd/*.target)
install(FILES ${units} DESTINATION ${XLIMIT_UNIT_DIR})
install(FILES systemd/xlimit.tmpfiles DESTINATION lib/tmpfiles.d RENAME xlimit.conf)
# Units name the programs by their full path, which only the prefix tells.
set(bindir ${CMAKE_INSTALL_FULL_BINDIR})
file(GLOB units CONFIGURE_DEPENDS systemd/*.in)
foreach(unit IN LISTS units)
  get_filename_component(name ${unit} NAME)
  string(REGEX REPLACE "\\.in$" "" name ${name})
  configure_file(${unit} ${CMAKE_BINARY_DIR}/systemd/${name} @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/systemd/${name} DESTINATION ${XLIMIT_UNIT_DIR})
endforeach()
