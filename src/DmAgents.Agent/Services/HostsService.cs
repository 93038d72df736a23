using System.Reflection;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Api.Admin.V1;
using DmAgents.Kernel.Hosts;
using Grpc.Core;
using Finding = DmAgents.Agent.UseCases.Finding;

namespace DmAgents.Agent.Services;

/// <summary>The host of the admin API.</summary>
internal sealed class HostsService(
    PoolBoard board, HostReport host, OwnerlessPools ownerless, AgentSettings settings, AgentClock clock,
    JournalDisk journal)
    : Api.Admin.V1.Hosts.HostsBase
{
    public override async Task<HostStatus> GetStatus(GetHostStatusRequest request, ServerCallContext context)
    {
        var pools = board.All.ToList();
        var devices = pools.SelectMany(p => p.State.Devices.Values)
            .Where(d => d.IsPresent && !d.Key.IsStock).ToList();
        var status = new HostStatus
        {
            AgentVersion = AgentVersion.Text,
            HostName = Environment.MachineName,
            KernelRelease = host.KernelRelease,
            DmDriverVersion = host.DeviceMapper?.ToString() ?? "",
            ThinPoolTargetVersion = host.ThinPoolTarget?.ToString() ?? "",
            ThinTargetVersion = host.ThinTarget?.ToString() ?? "",
            Udev = File.Exists("/run/udev/control"),
            StartedAt = Views.Time(clock.StartedAt),
            UptimeSeconds = (ulong)clock.Uptime.TotalSeconds,
            StateDirectory = settings.StateDirectory,
            Pools = (uint)pools.Count,
            Layers = (uint)devices.Count(d => d.Kind == Domain.Devices.DeviceKind.Layer),
            Containers = (uint)devices.Count(d => d.Kind == Domain.Devices.DeviceKind.Container),
        };
        var problems = host.Problems
            .Select(p => new Finding(p.Fatal ? Gravity.Error : Gravity.Warning, "host", p.What, Why: "", p.Next))
            .Concat(await journal.Problems(context.CancellationToken).ConfigureAwait(false))
            .Concat(pools.SelectMany(pool => PoolProblems.Of(pool).Concat(PoolProblems.Conditions(pool))))
            .Concat(ownerless.Find().Select(OwnerlessPools.Told));
        status.Problems.Add(problems.Select(CheckViews.Finding));
        return status;
    }
}

/// <summary>Measures the agent's uptime from the start of its process, independent of the first call.</summary>
public sealed class AgentClock(TimeProvider time, DateTimeOffset startedAt)
{
    private readonly long _made = time.GetTimestamp();
    private readonly TimeSpan _before = time.GetUtcNow() - startedAt;

    public DateTimeOffset StartedAt => startedAt;

    /// <summary>By a monotonic clock, except for the time before this was created.</summary>
    public TimeSpan Uptime => _before + time.GetElapsedTime(_made);

    /// <summary>The clock of this process.</summary>
    public static AgentClock OfProcess(TimeProvider time)
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return new AgentClock(time, process.StartTime.ToUniversalTime());
    }
}

/// <summary>The version that was built.</summary>
internal static class AgentVersion
{
    public static string Text { get; } =
        typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            .Split('+')[0] ?? "unknown";
}
