using DmAgents.Agent.Configuration;
using DmAgents.Bench;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel;
using Microsoft.Extensions.Logging;

if (BenchOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine(BenchOptions.Help);
    return 2;
}
var opened = LinuxKernel.Open();
if (!opened.Succeeded)
{
    Console.Error.WriteLine($"device-mapper cannot be used: {opened.Error}; next: tests/Bench/run.sh runs it in the lab");
    return 1;
}
using var kernel = opened.Value;
using var loggers = LoggerFactory.Create(logging => logging
    .SetMinimumLevel(LogLevel.Warning)
    .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
var settings = SettingsReader.Read(null) with { StateDirectory = options.State + "/agent", LogLevel = LogLevel.Warning };

var bare = BareSide.Open(kernel, IdentityOf("bare", options.Bare), options.State + "/bare");
await using var actors = new ActorSide(kernel, IdentityOf("actors", options.Actors), settings, loggers);
await actors.Open();
await using var commits = new CommitMeter(settings with { StateDirectory = options.State + "/commits" });
using var bareCommits = new BareCommit(options.State + "/sqlite.db");

var workload = new Workload(bare, actors, commits, bareCommits, settings.JournalFile);
await workload.Run(options.WarmRounds, bursts: 1);
var figures = await workload.Run(options.Rounds, options.Bursts);
Console.WriteLine(options.Json ? Report.Json(figures) : Report.Table(figures));
return 0;

// One pool is like the other: whole disks, the agent's defaults, and a base of 1 GiB.
PoolIdentity IdentityOf(string name, DiskPair disks)
{
    var pool = new PoolName(name);
    var plan = new BackingPlanner(kernel).Plan(
        new PoolPaths(options.State, pool), new BackingRequest.Direct([disks.Data], disks.Metadata),
        settings.BlockSize, force: true);
    return plan is BackingPlan.Planned planned
        ? new PoolIdentity(
            new PoolUuid(Guid.NewGuid()), pool, planned.Backing, settings.BlockSize, FileSystemKind.Ext4,
            ByteSize.GiB(1), TimeProvider.System.GetUtcNow())
        : throw new InvalidOperationException($"pool {name}: {plan}");
}
