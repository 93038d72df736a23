using System.Diagnostics;
using System.Globalization;
using DmAgents.Api.Admin.V1;
using Grpc.Core;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>A real dmagentd, which the tests may kill and start again.</summary>
internal sealed class AgentProcess : IDisposable
{
    private readonly AgentPlaces _places;
    private Process _process;

    private AgentProcess(AgentPlaces places, Process process) => (_places, _process) = (places, process);

    /// <param name="within">A program with its arguments that becomes the agent, for example by unshare; empty: the
    /// agent is started itself.</param>
    public static async Task<AgentProcess> Start(AgentPlaces places, AgentClient client, string within = "")
    {
        var agent = new AgentProcess(places, Launch(places, within));
        await agent.AwaitReady(client);
        return agent;
    }

    /// <summary>SIGKILL: it ends in the midst of whatever it does.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync(new CancellationTokenSource(Patience.Limit).Token);
    }

    /// <summary>SIGTERM, and the wait for a graceful end.</summary>
    public async Task<int> Terminate(TimeSpan? patience = null)
    {
        await Shell.Must("/bin/kill", "-TERM", _process.Id.ToString(CultureInfo.InvariantCulture));
        await _process.WaitForExitAsync(new CancellationTokenSource(patience ?? Patience.Limit).Token);
        return _process.ExitCode;
    }

    /// <summary>Starts it anew without a wait.</summary>
    /// <param name="within">As of <see cref="Start"/>.</param>
    public void Begin(string within)
    {
        Assert.True(_process.HasExited);
        _process.Dispose();
        _process = Launch(_places, within);
    }

    /// <summary>Waits until a call of it hangs in the kernel (state D): it is there at each of many looks.</summary>
    public Task HangsInTheKernel()
    {
        const int Looks = 20;
        var (hanging, looks) = (Tasks("D"), 0);
        return Patience.Until(
            () =>
            {
                hanging.IntersectWith(Tasks("D"));
                if (hanging.Count == 0)
                    (hanging, looks) = (Tasks("D"), 0);
                return hanging.Count > 0 && ++looks > Looks;
            },
            "a call of the agent hangs in the kernel");
    }

    /// <summary>Starts it and kills it so long after, ready or not.</summary>
    public async Task KillWhileStarting(TimeSpan after)
    {
        Assert.True(_process.HasExited);
        _process.Dispose();
        _process = Launch(_places, "");
        await Task.Delay(after);
        await Kill();
    }

    /// <summary>Starts it and sends it a signal so long after it has taken its state directory.</summary>
    /// <returns>The exit code; of a process that a signal has ended, 128 and the signal's number.</returns>
    public async Task<int> EndWhileStarting(string signal, TimeSpan after)
    {
        Assert.True(_process.HasExited);
        _process.Dispose();
        _process = Launch(_places, "");
        var patience = Stopwatch.StartNew();
        // Not by File: it locks what it reads, and the agent has locked it.
        while (await Shell.Must("/bin/cat", $"{_places.StateDirectory}/agent.lock") != $"{_process.Id}\n")
        {
            Assert.True(patience.Elapsed < Patience.Limit, $"the agent does not start: {Log}");
            await Task.Delay(10);
        }
        await Task.Delay(after);
        await Shell.Must("/bin/kill", $"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture));
        await _process.WaitForExitAsync(new CancellationTokenSource(Patience.Limit).Token);
        return _process.ExitCode;
    }

    public async Task Restart(AgentClient client)
    {
        Assert.True(_process.HasExited);
        _process.Dispose();
        _process = Launch(_places, "");
        await AwaitReady(client);
    }

    public int Id => _process.Id;

    /// <summary>Its TCP sockets, as the kernel lists them; connections of others that have just ended are none of it.
    /// </summary>
    public IReadOnlyList<string> TcpSockets
    {
        get
        {
            var own = Directory.GetFiles($"/proc/{Id}/fd")
                .Select(file => File.ResolveLinkTarget(file, returnFinalTarget: false)?.Name ?? "").ToHashSet();
            return
            [
                .. new[] { "/proc/net/tcp", "/proc/net/tcp6" }.SelectMany(table => File.ReadAllLines(table).Skip(1))
                    .Where(line => own.Contains(
                        $"socket:[{line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[9]}]")),
            ];
        }
    }

    /// <summary>How many connections it has, and sockets on which it listens.</summary>
    public int Sockets => Directory.GetFiles($"/proc/{Id}/fd").Count(IsSocket);

    /// <summary>Of the processor, since its start.</summary>
    public TimeSpan ProcessorTime => _process.TotalProcessorTime;

    public bool HasExited => _process.HasExited;

    public string Log => File.Exists(_places.Log) ? File.ReadAllText(_places.Log) : "";

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }

    /// <summary>The threads that are in a state, by the letter of proc(5).</summary>
    private HashSet<string> Tasks(string state) =>
    [
        .. Directory.GetDirectories($"/proc/{Id}/task").Where(task =>
        {
            try
            {
                return File.ReadAllText($"{task}/stat").Split(") ", 2)[1].StartsWith(state, StringComparison.Ordinal);
            }
            catch (IOException)
            {
                // It has ended since it was listed.
                return false;
            }
        }),
    ];

    private static bool IsSocket(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name
                .StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (FileNotFoundException)
        {
            // Closed since it was listed.
            return false;
        }
    }

    private static Process Launch(AgentPlaces places, string within)
    {
        var info = Shell.Info("/bin/sh", "-c",
            $"exec {within} '{Places.Agent}' --config '{places.Config}' >>'{places.Log}' 2>&1 </dev/null");
        info.RedirectStandardOutput = info.RedirectStandardError = false;
        return Process.Start(info)!;
    }

    /// <summary>Ready is an agent whose pools are open, or as open as they get.</summary>
    public async Task AwaitReady(AgentClient client, TimeSpan? patience = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                var pools = await client.Pools.ListAsync(new ListPoolsRequest());
                if (pools.Pools.All(pool => pool.State is not (PoolState.Opening or PoolState.Unspecified)))
                    return;
            }
            catch (RpcException refused) when (refused.StatusCode == StatusCode.Unavailable)
            {
                // It is not listening yet.
            }
            Assert.False(_process.HasExited, $"the agent ended: {Log}");
            Assert.True(
                clock.Elapsed < (patience ?? Patience.Limit), $"the agent is not ready after {clock.Elapsed}: {Log}");
            await Task.Delay(50);
        }
    }
}
