using System.Diagnostics.Metrics;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace DmAgents.Agent.Metrics;

/// <summary>Durations and results of containerd's calls.</summary>
internal sealed class SnapshotMeter : Interceptor
{
    /// <summary>Seconds: from a read from memory to a pool that hangs.</summary>
    private static readonly double[] Bounds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30];

    private readonly Histogram<double> _durations;
    private readonly TimeProvider _time;

    public SnapshotMeter(IMeterFactory factory, TimeProvider time)
    {
        _time = time;
        _durations = factory.Create(PoolMeters.Name).CreateHistogram(
            "dmagents.containerd.call.duration", "s",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Bounds });
    }

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        Measured(context, () => continuation(request, context));

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        Measured(context, async () =>
        {
            await continuation(request, responseStream, context).ConfigureAwait(false);
            return true;
        });

    private async Task<T> Measured<T>(ServerCallContext context, Func<Task<T>> call)
    {
        var started = _time.GetTimestamp();
        var status = StatusCode.Unknown;
        try
        {
            var result = await call().ConfigureAwait(false);
            status = StatusCode.OK;
            return result;
        }
        catch (RpcException refused)
        {
            status = refused.StatusCode;
            throw;
        }
        catch (OperationCanceledException)
        {
            status = StatusCode.Cancelled;
            throw;
        }
        finally
        {
            _durations.Record(_time.GetElapsedTime(started).TotalSeconds,
                new("method", context.Method[(context.Method.LastIndexOf('/') + 1)..]),
                new("status", status.ToString()));
        }
    }
}
