using System.Reflection;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Hosts;
using Grpc.Core;
using PoolCondition = DmAgents.Domain.Pools.PoolCondition;

namespace DmAgents.Agent.Services;

/// <summary>The host of the admin API.</summary>
internal sealed class HostsService(
    PoolBoard board, HostReport host, OwnerlessPools ownerless, AgentSettings settings, AgentClock clock,
    IKernel kernel)
    : Api.Admin.V1.Hosts.HostsBase
{
    public override Task<HostStatus> GetStatus(GetHostStatusRequest request, ServerCallContext context)
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
        status.Problems.Add(host.Problems.Select(p => new Finding
        {
            Severity = p.Fatal ? Severity.Error : Severity.Warning, Object = "host", What = p.What, Next = p.Next,
        }));
        status.Problems.Add(JournalDisk.Problems(settings, kernel));
        status.Problems.Add(pools.SelectMany(pool => ProblemsOf(pool).Concat(ConditionsOf(pool))));
        status.Problems.Add(ownerless.Find().Select(OwnerlessPools.Told));
        return Task.FromResult(status);
    }

    /// <summary>What an operator should look at in a pool; also part of a pool's check.</summary>
    internal static IEnumerable<Finding> ProblemsOf(PoolPicture pool)
    {
        if (pool.Phase is PoolPhase.Unavailable or PoolPhase.WrongPool)
        {
            yield return new Finding
            {
                Severity = Severity.Error, Object = pool.Name.Value, What = $"the pool is {Views.State(pool)}",
                Why = pool.Reason, Next = pool.MetadataAreDamaged
                    ? $"see what can be saved, without changing anything: {PoolActor.RepairOf(pool.Name)}"
                    : $"dmagent pool show {pool.Name}",
            };
        }
        foreach (var shape in ShapesOf(pool))
            yield return shape;
        foreach (var (id, why) in pool.Problems)
        {
            yield return new Finding
            {
                Severity = Severity.Warning, Object = NameOf(pool, id), What = "it is not live as it should be",
                Why = why, Next = "it is tried again every few seconds",
            };
        }
        foreach (var deletion in pool.Deletions.Values.Where(d => d.Tries > 0))
        {
            yield return new Finding
            {
                Severity = Severity.Info, Object = NameOf(pool, deletion.Id), What = "its blocks are not back yet",
                Why = deletion.Why, Next = "end what holds it; it is tried again every few seconds",
            };
        }
    }

    /// <summary>What disks or kernel do not bear of the pool's file systems.</summary>
    internal static IEnumerable<Finding> ShapesOf(PoolPicture pool) =>
        SectorsOf(pool) is { } sectors ? FormatsOf(pool).Prepend(sectors) : FormatsOf(pool);

    /// <summary>A pool of mixed sectors is opened, for what can be mounted is to be had; nothing mends it.</summary>
    private static Finding? SectorsOf(PoolPicture pool) => pool.Sectors is { } why
        ? new Finding
        {
            Severity = Severity.Warning, Object = pool.Name.Value,
            What = "its sectors are larger than those it was made with", Why = why,
            Next = "what cannot be mounted can be copied from its device to one with the smaller sectors",
        }
        : null;

    /// <summary>File systems that this host's kernel does not take: the pool is opened for all others.</summary>
    internal static IEnumerable<Finding> FormatsOf(PoolPicture pool) =>
        pool.Formats.Select(concern => FormatOf(NameOf(pool, concern.Id), concern));

    internal static Finding FormatOf(string name, FormatConcern concern) => new()
    {
        Severity = Severity.Warning, Object = name,
        What = concern.BarsReading
            ? "it cannot be mounted on this host"
            : "it cannot be mounted for writing on this host",
        Why = concern.Why, Next = concern.Next,
    };

    /// <summary>What a pool that is open should be looked at for.</summary>
    private static IEnumerable<Finding> ConditionsOf(PoolPicture pool)
    {
        var show = $"dmagent pool show {pool.Name}";
        if (pool is { Phase: PoolPhase.Open, Health: { Condition: not PoolCondition.Writable } health })
        {
            yield return new Finding
            {
                Severity = health.Condition < PoolCondition.OutOfData ? Severity.Warning : Severity.Error,
                Object = pool.Name.Value, What = $"the pool is {Views.State(pool)}", Why = health.Why, Next = show,
            };
        }
        if (pool.State.Devices.Values.Count(d => d.Phase == DevicePhase.Lost) is > 0 and var lost)
        {
            yield return new Finding
            {
                Severity = Severity.Error, Object = pool.Name.Value, What = $"{lost} devices are lost",
                Why = "the pool's metadata do not have them", Next = $"dmagent pool check {pool.Name}",
            };
        }
        if (pool.State.Quarantine.Count is > 0 and var inDoubt)
        {
            yield return new Finding
            {
                Severity = Severity.Warning, Object = pool.Name.Value, What = $"{inDoubt} thin ids are in quarantine",
                Why = "the pool has them, or may have, and nobody owns them",
                Next = $"dmagent pool quarantine list --pool {pool.Name}",
            };
        }
        if (pool.State.LastBackup is { Why: { } why })
        {
            yield return new Finding
            {
                Severity = Severity.Warning, Object = pool.Name.Value, What = "its last backup of the metadata failed",
                Why = why, Next = $"dmagent pool backup now {pool.Name}",
            };
        }
    }

    private static string NameOf(PoolPicture pool, ThinId id) =>
        pool.State.Devices.TryGetValue(id, out var device) ? Views.KeyText(device.Key) : $"thin id {id}";
}

/// <summary>How long the agent runs: from its process' start on, whoever asks first and when.</summary>
public sealed class AgentClock(TimeProvider time, DateTimeOffset startedAt)
{
    private readonly long _made = time.GetTimestamp();
    private readonly TimeSpan _before = time.GetUtcNow() - startedAt;

    public DateTimeOffset StartedAt => startedAt;

    /// <summary>By a clock that nobody sets, but for the moment before this was made.</summary>
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
