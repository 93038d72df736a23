using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting.Systemd;

namespace DmAgents.Agent.Tests.Support;

/// <summary>Stands where systemd listens.</summary>
internal sealed class Notifier : ISystemdNotifier
{
    private readonly ConcurrentQueue<string> _heard = [];

    public bool IsEnabled => true;

    public IReadOnlyCollection<string> Heard => _heard;

    public void Notify(ServiceState state) => _heard.Enqueue(state.ToString());
}
