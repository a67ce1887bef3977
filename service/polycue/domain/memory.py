"""Whether work failed for want of memory; the same work in smaller pieces may succeed."""

# As CTranslate2, cuBLAS and CUDA's allocator say it.
_SAID = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "failed to allocate")


def lacks_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error) for words in _SAID)
