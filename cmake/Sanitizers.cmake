# PYBP_SANITIZE=address,undefined or PYBP_SANITIZE=thread: instrument everything that is built.
set(PYBP_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")

if(PYBP_SANITIZE)
    add_compile_options(-fsanitize=${PYBP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    # Unrolled and fully optimised, the instrumented kernels take a compiler half an hour.
    add_compile_options(-O1)
    add_compile_definitions(PYBP_ROLLED)
    add_link_options(-fsanitize=${PYBP_SANITIZE})
endif()
