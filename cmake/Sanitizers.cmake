# PYBP_SANITIZE=address,undefined or PYBP_SANITIZE=thread: instrument everything that is built.
set(PYBP_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
option(PYBP_BUILD_FUZZ "Build the fuzz targets pybp_fuzz and pybp_fuzz_files, and everything with what it needs (clang only)" OFF)
if(PYBP_BUILD_FUZZ)
    set(PYBP_SANITIZE fuzzer-no-link,address,undefined)
    add_compile_definitions(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION) # no checksums: csrc/io/container.c
endif()

if(PYBP_SANITIZE)
    add_compile_options(-fsanitize=${PYBP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    # Unrolled and fully optimised, the instrumented kernels take a compiler half an hour.
    add_compile_options(-O1)
    add_compile_definitions(PYBP_ROLLED)
    add_link_options(-fsanitize=${PYBP_SANITIZE})
endif()
