using System.Diagnostics;
using System.Globalization;

namespace DmAgents.Bench.Snapshots;

/// <summary>A daemon that the benchmark starts and ends.</summary>
/// <param name="log">Where its output is added to.</param>
/// <param name="serves">Whether it answers as it should; may throw as long as it does not listen.</param>
internal sealed class Daemon(
    string program, IReadOnlyList<string> arguments, string log, Func<Task<bool>> serves) : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    private Process? _process;

    public int Pid => Running.Id;

    private Process Running => _process ?? throw new InvalidOperationException($"{program} was not started");

    /// <summary>Returns when it serves.</summary>
    /// <returns>Milliseconds from the start of the process.</returns>
    public async Task<double> Start()
    {
        var begun = Stopwatch.GetTimestamp();
        // The shell becomes the program: its process id stays. The lab's clock (lab/run --clock) serves programs that read
        // the clock by libc: others would only pay for it, at each start of a helper.
        var clock = Path.GetFileName(program) == "dmagentd" ? "" : "unset LD_PRELOAD; ";
        _process = Process.Start("/bin/sh", ["-c", clock + "exec \"$0\" \"$@\" >>'" + log + "' 2>&1", program, .. arguments]);
        while (!await Serves().ConfigureAwait(false))
        {
            if (Running.HasExited || Stopwatch.GetElapsedTime(begun) > Deadline)
                throw new InvalidOperationException($"{program} does not serve:\n{await Tail().ConfigureAwait(false)}");
            await Task.Delay(5).ConfigureAwait(false);
        }
        return Series.Milliseconds(Stopwatch.GetTimestamp() - begun);
    }

    /// <summary>By SIGTERM.</summary>
    public async Task Stop()
    {
        using (var kill = Process.Start("/bin/kill", ["-TERM", Pid.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync().ConfigureAwait(false);
        await Running.WaitForExitAsync().ConfigureAwait(false);
        Running.Dispose();
        _process = null;
    }

    /// <summary>By SIGKILL.</summary>
    public async Task Kill()
    {
        Running.Kill();
        await Running.WaitForExitAsync().ConfigureAwait(false);
        Running.Dispose();
        _process = null;
    }

    /// <summary>Resident memory, in mebibytes.</summary>
    public double ResidentMemory()
    {
        var line = File.ReadLines($"/proc/{Pid}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.AsSpan(6, line.Length - 8), CultureInfo.InvariantCulture) / 1024;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await Stop().ConfigureAwait(false);
    }

    private async Task<bool> Serves()
    {
        try
        {
            return await serves().ConfigureAwait(false);
        }
        catch (Exception notYet) when (notYet is Grpc.Core.RpcException or HttpRequestException)
        {
            return false;
        }
    }

    private async Task<string> Tail() =>
        string.Join('\n', (await File.ReadAllLinesAsync(log).ConfigureAwait(false)).TakeLast(20));
}
