# Every csrc/tests/test_<x>.c is a test. A test that includes the verbs of one instruction set is
# compiled and run once for each; exit code 77 means that this CPU cannot run it.
enable_testing()

set(tests ${PROJECT_SOURCE_DIR}/csrc/tests)
set(tests_per_isa vmath)

function(pybp_add_test name)
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE pybp_core pybp_flags Threads::Threads m)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

file(GLOB sources CONFIGURE_DEPENDS ${tests}/test_*.c)
if(WIN32) # these speak of POSIX threads, signals, processes and folders
    list(FILTER sources EXCLUDE REGEX "test_(pool|pool_fork|threads|net_threads|moving_data|files)\\.c$")
endif()
foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    string(REPLACE "test_" "" subject ${name})
    if(subject IN_LIST tests_per_isa)
        foreach(isa IN LISTS PYBP_ISAS)
            pybp_add_test(${name}_${isa} ${source})
            pybp_use_isa(${name}_${isa} ${isa} ${PYBP_ISA_FLAGS_${isa}})
        endforeach()
    else()
        pybp_add_test(${name} ${source})
    endif()
endforeach()

if(TARGET test_files) # on those that Python wrote
    target_compile_definitions(test_files PRIVATE PYBP_FILES_DIR="${PROJECT_SOURCE_DIR}/tests/io/files")
endif()

if(TARGET pybp_shared AND UNIX AND NOT APPLE AND NOT PYBP_SANITIZE AND NOT CMAKE_CROSSCOMPILING)
    add_test(NAME test_exported_symbols COMMAND ${tests}/exported_symbols.sh $<TARGET_FILE:pybp_shared>
        ${PROJECT_SOURCE_DIR}/csrc/registry/functions.def libpybp.so.${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
        $<IF:$<BOOL:${PYBP_INFERENCE_ONLY}>,INFERENCE,TRAINING>)
    set_tests_properties(test_exported_symbols PROPERTIES SKIP_RETURN_CODE 77)
endif()

# The fuzz targets on their corpora, without a fuzzer.
if(NOT WIN32)
    set(fuzz ${PROJECT_SOURCE_DIR}/csrc/fuzz)
    add_executable(test_fuzz_corpus ${fuzz}/replay.c ${fuzz_sources})
    target_link_libraries(test_fuzz_corpus PRIVATE pybp_core pybp_flags Threads::Threads)
    add_test(NAME test_fuzz_corpus COMMAND test_fuzz_corpus ${fuzz}/corpus)
    add_executable(test_fuzz_files ${fuzz}/replay.c ${fuzz}/files.c)
    target_link_libraries(test_fuzz_files PRIVATE pybp_core pybp_flags Threads::Threads)
    add_test(NAME test_fuzz_files COMMAND test_fuzz_files ${fuzz}/corpus_files ${PROJECT_SOURCE_DIR}/tests/io/files)
endif()

# Its nets are those of the contract.
file(GLOB case_sources CONFIGURE_DEPENDS ${tests}/contract_*.c)
if(TARGET test_layer_gradients)
    target_sources(test_layer_gradients PRIVATE ${case_sources})
endif()

# The contract is checked against the naive program. It shares nothing with the core, so it is
# compiled on its own terms: no contraction, and the FMA instruction only to make fma() fast.
if(TARGET test_contract)
    file(GLOB naive_sources CONFIGURE_DEPENDS ${tests}/naive*.c)
    add_library(pybp_naive OBJECT ${naive_sources})
    target_include_directories(pybp_naive PRIVATE ${PROJECT_SOURCE_DIR}/csrc ${PROJECT_SOURCE_DIR}/csrc/include)
    target_compile_options(pybp_naive PRIVATE -O2 -ffp-contract=off -fno-math-errno $<$<BOOL:${PYBP_HAVE_AVX2}>:-mfma>)
    foreach(test IN ITEMS test_contract test_schedules)
        target_sources(${test} PRIVATE ${case_sources} $<TARGET_OBJECTS:pybp_naive>)
        target_compile_definitions(${test} PRIVATE PYBP_GOLDEN_DIR="${PROJECT_SOURCE_DIR}/tests/golden")
    endforeach()

    # cmake --build ... --target golden: what the naive program now gives, into tests/golden/.
    add_executable(pybp_naive_main EXCLUDE_FROM_ALL ${naive_sources} ${case_sources})
    target_compile_definitions(pybp_naive_main PRIVATE NAIVE_MAIN)
    target_include_directories(pybp_naive_main PRIVATE ${PROJECT_SOURCE_DIR}/csrc ${PROJECT_SOURCE_DIR}/csrc/include)
    target_compile_options(pybp_naive_main PRIVATE $<TARGET_PROPERTY:pybp_naive,COMPILE_OPTIONS>)
    target_link_libraries(pybp_naive_main PRIVATE m)
    add_custom_target(golden
        COMMAND pybp_naive_main > ${PROJECT_SOURCE_DIR}/tests/golden/checksums.txt
        COMMAND test_schedules --write > ${PROJECT_SOURCE_DIR}/tests/golden/schedules.txt
        COMMENT "Writing checksums" VERBATIM)

    if(PYBP_EMULATE_AVX512) # that the emulated verbs are what they must be, fused above all, comes first
        set_tests_properties(test_vmath_avx512 PROPERTIES FIXTURES_SETUP emulated_verbs)
        set_tests_properties(test_contract PROPERTIES FIXTURES_REQUIRED emulated_verbs)
    endif()
endif()
