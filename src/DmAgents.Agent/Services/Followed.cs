using System.Threading.Channels;

namespace DmAgents.Agent.Services;

/// <summary>Reports how far a work is for as long as it goes on: often enough for a bar that moves, and also if nothing
/// has moved, so that a caller sees that the agent lives.</summary>
internal static class Followed
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Progress that a slow caller has not taken yet.</summary>
    private const int Kept = 16;

    /// <param name="begin">Takes what its progress is reported to; each report says everything.</param>
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

    /// <summary>As the other, but each report is written, soon after it is made. If the caller is slow, the oldest are
    /// left out.</summary>
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

    /// <summary>A caller that has gone hears nothing. The work ends by its own token, and is waited for.</summary>
    private static async Task Try(Func<Task> write)
    {
        try
        {
            await write().ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The stream is over.
        }
    }
}
