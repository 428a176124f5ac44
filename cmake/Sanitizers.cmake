# PYBP_SANITIZE=address,undefined or PYBP_SANITIZE=thread: instrument everything that is built.
set(PYBP_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")

if(PYBP_SANITIZE)
    add_compile_options(-fsanitize=${PYBP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    add_link_options(-fsanitize=${PYBP_SANITIZE})
endif()
