[.status.containerStatuses[]? | .restartCount] | max // 0 | tostring
