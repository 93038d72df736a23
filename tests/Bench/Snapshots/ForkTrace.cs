using System.Diagnostics;
using System.Globalization;

namespace DmAgents.Bench.Snapshots;

/// <summary>Counts the processes that a daemon makes, by strace: what the program does is seen, not believed.</summary>
internal static class ForkTrace
{
    private const int Prepares = 20;

    /// <summary>Processes for each of some prepares; threads do not count.</summary>
    public static async Task<double> Measure(SnapshotSide side, Daemon daemon, string directory)
    {
        var file = $"{directory}/forks-{side.Name}";
        using var strace = Process.Start(
            "/usr/bin/strace",
            ["-f", "-qq", "-o", file, "-e", "trace=clone,clone3,fork,vfork,execve", "-e", "signal=none",
                "-p", daemon.Pid.ToString(CultureInfo.InvariantCulture)]);
        // It says nothing when all threads are attached: they are then traced by it.
        while (!AllTraced(daemon.Pid, strace))
            await Task.Delay(50).ConfigureAwait(false);
        var keys = Enumerable.Range(0, Prepares).Select(n => $"forks-{n}").ToList();
        foreach (var key in keys)
            await side.Prepare(key, SnapshotSide.Image).ConfigureAwait(false);
        // On SIGINT it lets go of the daemon.
        using (var kill = Process.Start("/bin/kill", ["-INT", strace.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync().ConfigureAwait(false);
        await strace.WaitForExitAsync().ConfigureAwait(false);
        await side.RemoveAll(keys).ConfigureAwait(false);
        await side.Settle().ConfigureAwait(false);
        return (double)File.ReadLines(file).Count(MakesProcess) / Prepares;
    }

    private static bool AllTraced(int pid, Process tracer)
    {
        if (tracer.HasExited)
            throw new InvalidOperationException($"strace ended with status {tracer.ExitCode}");
        try
        {
            return Directory.EnumerateDirectories($"/proc/{pid}/task").All(task =>
                File.ReadLines($"{task}/status").Contains($"TracerPid:\t{tracer.Id}"));
        }
        catch (IOException)
        {
            // A thread has ended between the listing and the reading.
            return false;
        }
    }

    /// <summary>A call that is interrupted by another thread's has a second line, "resumed", without its
    /// arguments.</summary>
    private static bool MakesProcess(string line) =>
        !line.Contains("resumed>", StringComparison.Ordinal)
        && (line.Contains("fork(", StringComparison.Ordinal)
            || (line.Contains("clone", StringComparison.Ordinal)
                && !line.Contains("CLONE_THREAD", StringComparison.Ordinal)));
}
