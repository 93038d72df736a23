using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace DmAgents.Agent.Hosting;

/// <summary>Reports to systemd and in the log what the start waits for. While the agent starts, systemd's time limit is
/// extended again and again: a slow start continues, and one that hangs names its step. A stop has limits of its own,
/// and extends systemd's once: an overloaded host needs longer than their sum.</summary>
internal sealed class StartReport : IDisposable
{
    /// <summary>Interval of messages.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>How much longer systemd waits after each message: an overloaded process may miss some.</summary>
    private static readonly TimeSpan Extension = TimeSpan.FromMinutes(2);

    private readonly ISystemdNotifier _systemd;
    private readonly Action<string> _log;
    private readonly TimeProvider _time;
    private readonly long _begun;
    private readonly ITimer _timer;
    private volatile string _step = "the agent starts";

    /// <param name="systemd">Does nothing if systemd has not started the agent.</param>
    /// <param name="log">Receives a sentence.</param>
    public StartReport(ISystemdNotifier systemd, Action<string> log, TimeProvider time)
    {
        (_systemd, _log, _time, _begun) = (systemd, log, time, time.GetTimestamp());
        _timer = time.CreateTimer(_ => Say(), state: null, Interval, Interval);
    }

    /// <summary>Sets the step that the start waits for.</summary>
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
