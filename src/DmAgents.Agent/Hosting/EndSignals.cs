using System.Runtime.InteropServices;

namespace DmAgents.Agent.Hosting;

/// <summary>Handles SIGINT and SIGTERM from the process's first moment on: they also end a start in order.</summary>
internal sealed class EndSignals : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly PosixSignalRegistration[] _registrations;

    public EndSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, End),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, End),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _end.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _end.Dispose();
    }

    private void End(PosixSignalContext signal)
    {
        // By default the runtime would end the process at once.
        signal.Cancel = true;
        _end.Cancel();
    }
}
