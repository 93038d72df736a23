using System.Threading.Channels;

namespace DmAgents.Agent.Services;

/// <summary>Reports the progress of running work: often enough for a moving progress bar, and even without progress, so
/// that the caller sees that the agent is alive.</summary>
internal static class Followed
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Reports kept for a slow caller.</summary>
    private const int Kept = 16;

    /// <param name="begin">Gets the function to which it reports progress; each report is complete.</param>
    /// <param name="write">Writes one report.</param>
    public static async Task<TResult> Run<TProgress, TResult>(
        Func<Action<TProgress>, Task<TResult>> begin, Func<TProgress, Task> write, TimeProvider time)
        where TProgress : class
    {
        TProgress? latest = null;
        var work = begin(progress => Volatile.Write(ref latest, progress));
        while (await Task.WhenAny(work, Task.Delay(ReportEvery, time, CancellationToken.None)).ConfigureAwait(false)
            != work)
        {
            if (Volatile.Read(ref latest) is { } progress)
                await Try(() => write(progress)).ConfigureAwait(false);
        }
        return await work.ConfigureAwait(false);
    }

    /// <summary>Like the other overload, but each report is written, soon after it is made. If the caller is slow, the
    /// oldest are dropped.</summary>
    public static async Task<TResult> Each<TProgress, TResult>(
        Func<Action<TProgress>, Task<TResult>> begin, Func<TProgress, Task> write)
    {
        var reports = Channel.CreateBounded<TProgress>(
            new BoundedChannelOptions(Kept) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var work = Work();
        await foreach (var report in reports.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            await Try(() => write(report)).ConfigureAwait(false);
        return await work.ConfigureAwait(false);

        async Task<TResult> Work()
        {
            try
            {
                return await begin(report => reports.Writer.TryWrite(report)).ConfigureAwait(false);
            }
            finally
            {
                reports.Writer.Complete();
            }
        }
    }

    /// <summary>Ignores a caller that has disconnected. The work ends by its own token, and is awaited.</summary>
    private static async Task Try(Func<Task> write)
    {
        try
        {
            await write().ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The stream has ended.
        }
    }
}
