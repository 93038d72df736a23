using Grpc.Core;
using Grpc.Core.Interceptors;

namespace DmAgents.Agent.Tests.Containerd;

/// <summary>The agent hears a moment after the caller that a call has ended; what is done by then stays, as a
/// whole.</summary>
internal sealed class CancelledCalls
{
    private readonly TaskCompletionSource _one = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when the agent has left a call that was cancelled.</summary>
    public Task One => _one.Task;

    public sealed class Watch(CancelledCalls calls) : Interceptor
    {
        public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            try
            {
                return await continuation(request, context);
            }
            catch (OperationCanceledException)
            {
                calls._one.TrySetResult();
                throw;
            }
        }
    }
}
