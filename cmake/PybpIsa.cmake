# One OBJECT library per instruction set.
#
# The kernels are one source, compiled once per instruction set. The flags of an instruction set sit
# on its OBJECT library and nowhere else: a flag on shared code would crash older CPUs before the
# dispatcher gets a chance to look at them. Link-time optimisation stays off for the same reason.
include(CheckCSourceCompiles)

# Instruction sets that this compiler can produce for this machine, in the order they were added.
set(PYBP_ISAS "")

# pybp_add_isa(<name> [PROBE <C statement>] [FLAGS <flag>...] [HEADER <header>])
#
# Compile csrc/kernels/kernels.c for the instruction set <name>, if a program with <statement> in it
# builds with <flag>s. Appends <name> to PYBP_ISAS, sets PYBP_ISA_FLAGS_<name>, and makes the target
# pybp_kernels_<name>, which sees PYBP_ISA_<NAME> defined, and PYBP_ISA as <name>. Without PROBE the set is always there.
function(pybp_add_isa name)
    cmake_parse_arguments(PARSE_ARGV 1 isa "" "PROBE;HEADER" "FLAGS")
    string(TOUPPER ${name} NAME)

    if(isa_PROBE)
        string(JOIN " " CMAKE_REQUIRED_FLAGS ${isa_FLAGS})
        check_c_source_compiles(
            "#include <${isa_HEADER}>\nint main(void) { ${isa_PROBE}; return 0; }"
            PYBP_HAVE_${NAME})
        if(NOT PYBP_HAVE_${NAME})
            return()
        endif()
    endif()

    add_library(pybp_kernels_${name} OBJECT ${PROJECT_SOURCE_DIR}/csrc/kernels/kernels.c)
    target_link_libraries(pybp_kernels_${name} PRIVATE pybp_flags)
    pybp_use_isa(pybp_kernels_${name} ${name} ${isa_FLAGS})

    set(PYBP_ISAS ${PYBP_ISAS} ${name} PARENT_SCOPE)
    set(PYBP_ISA_FLAGS_${name} ${isa_FLAGS} PARENT_SCOPE)
endfunction()

# pybp_use_isa(<target> <name> [<flag>...]): compile that target's own sources for one instruction set.
function(pybp_use_isa target name)
    string(TOUPPER ${name} NAME)
    target_compile_definitions(${target} PRIVATE PYBP_ISA_${NAME} PYBP_ISA=${name})
    target_compile_options(${target} PRIVATE ${ARGN})
endfunction()
