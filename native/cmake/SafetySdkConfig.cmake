# SafetySdk::safetysdk, for C and C++. Paths are taken from where this file lies, so that the folder can be moved.
get_filename_component(_safetysdk_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET SafetySdk::safetysdk)
  add_library(SafetySdk::safetysdk SHARED IMPORTED)
  set_target_properties(SafetySdk::safetysdk PROPERTIES
    IMPORTED_LOCATION "${_safetysdk_prefix}/lib/libsafetysdk.so.1"
    IMPORTED_SONAME libsafetysdk.so.1
    INTERFACE_INCLUDE_DIRECTORIES "${_safetysdk_prefix}/include")
endif()
unset(_safetysdk_prefix)
