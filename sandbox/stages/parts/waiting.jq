.status.initContainerStatuses[]?, .status.containerStatuses[]? | .state.waiting.reason
