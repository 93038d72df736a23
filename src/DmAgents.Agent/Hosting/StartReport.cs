using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace DmAgents.Agent.Hosting;

/// <summary>
/// Says what the start waits for, to systemd and in the log. While the agent starts, systemd's time limit is extended
/// again and again: a start that is slow goes on, and one that hangs says at what. A stop has limits of its own, and
/// extends systemd's once: a starved host needs longer than the sum of them.
/// </summary>
internal sealed class StartReport : IDisposable
{
    /// <summary>Between two messages.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>How much longer systemd waits after each message: a starved process may miss some.</summary>
    private static readonly TimeSpan Extension = TimeSpan.FromMinutes(2);

    private readonly ISystemdNotifier _systemd;
    private readonly Action<string> _log;
    private readonly TimeProvider _time;
    private readonly long _begun;
    private readonly ITimer _timer;
    private volatile string _step = "the agent starts";

    /// <param name="systemd">Does nothing if systemd has not started the agent.</param>
    /// <param name="log">Takes a sentence.</param>
    public StartReport(ISystemdNotifier systemd, Action<string> log, TimeProvider time)
    {
        (_systemd, _log, _time, _begun) = (systemd, log, time, time.GetTimestamp());
        _timer = time.CreateTimer(_ => Say(), state: null, Interval, Interval);
    }

    /// <summary>What the start waits for from here on.</summary>
    public void Awaits(string step)
    {
        if (step == _step)
            return;
        _step = step;
        Notify();
    }

    /// <summary>The agent serves.</summary>
    public void Done()
    {
        _timer.Dispose();
        _systemd.Notify(new ServiceState("STATUS=serving"));
    }

    /// <summary>The agent ends, or its start does.</summary>
    public void Stops()
    {
        _timer.Dispose();
        _systemd.Notify(Extended("stopping"));
    }

    public void Dispose() => _timer.Dispose();

    private void Say()
    {
        Notify();
        var waited = _time.GetElapsedTime(_begun).TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        _log($"still starting after {waited} s: {_step}");
    }

    private void Notify() => _systemd.Notify(Extended($"starting: {_step}"));

    private static ServiceState Extended(string status) => new(string.Create(
        CultureInfo.InvariantCulture, $"EXTEND_TIMEOUT_USEC={Extension.TotalMicroseconds:0}\nSTATUS={status}"));
}
