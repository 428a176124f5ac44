# The extension module pybp._core: Cython to C, compiled against the stable ABI where scikit-build-core
# asks for it, with the core linked in and no symbol of it visible outside.
include(CheckLinkerFlag)
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
if(WIN32 AND SKBUILD_SABI_VERSION) # there the stable ABI is a library of its own
    find_package(Python 3.11 REQUIRED COMPONENTS Development.SABIModule)
    set(sabi USE_SABI 3.11)
endif()

set(pyx ${PROJECT_SOURCE_DIR}/pybp/_core.pyx)
set(core_c ${PROJECT_BINARY_DIR}/_core.c)
add_custom_command(
    OUTPUT ${core_c}
    COMMAND Python::Interpreter -m cython -3 --depfile --output-file ${core_c} ${pyx}
    DEPENDS ${pyx}
    DEPFILE ${core_c}.dep
    COMMENT "Cythonizing pybp/_core.pyx"
    VERBATIM)

python_add_library(_core MODULE ${sabi} ${core_c})
target_link_libraries(_core PRIVATE pybp_core)
target_compile_options(_core PRIVATE -O2) # as fast as -O3 here, and smaller
set_target_properties(_core PROPERTIES C_EXTENSIONS ON) # Python.h

if(SKBUILD_SABI_VERSION)
    target_compile_definitions(_core PRIVATE $<$<NOT:$<BOOL:${WIN32}>>:Py_LIMITED_API=0x030B0000>)
    set(suffix .abi3${CMAKE_SHARED_MODULE_SUFFIX})
else() # a free-threaded interpreter has no stable ABI yet
    set(suffix .${SKBUILD_SOABI}${CMAKE_SHARED_MODULE_SUFFIX})
endif()
if(NOT WIN32) # where CMake knows the name better
    set_target_properties(_core PROPERTIES SUFFIX ${suffix})
endif()

# Symbols that pybp.h declares for C callers stay inside the module.
check_linker_flag(C -Wl,--exclude-libs,ALL PYBP_HAVE_EXCLUDE_LIBS)
if(PYBP_HAVE_EXCLUDE_LIBS)
    target_link_options(_core PRIVATE -Wl,--exclude-libs,ALL)
endif()

install(TARGETS _core LIBRARY DESTINATION pybp)

# What pybp.export.c writes into exported programs.
install(FILES
    csrc/simd/scalar.h csrc/simd/vmath_coef.h csrc/simd/vmath_body.inc.h csrc/kernels/activation.inc.h
    DESTINATION pybp/export/c/core)

# For other extension modules: pybp.get_include().
install(FILES ${PROJECT_SOURCE_DIR}/csrc/include/pybp.h ${PROJECT_SOURCE_DIR}/csrc/include/pybp_python.h
    DESTINATION pybp/include)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/csrc/registry DESTINATION pybp/include FILES_MATCHING PATTERN "*.def")
