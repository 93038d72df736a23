using DmAgents.Agent.Configuration;
using DmAgents.Bench;
using DmAgents.Bench.Creates;
using DmAgents.Bench.Deletions;
using DmAgents.Bench.Deltas;
using DmAgents.Bench.Entities;
using DmAgents.Bench.Imports;
using DmAgents.Bench.Journals;
using DmAgents.Bench.Snapshots;
using DmAgents.Bench.Transfers;
using DmAgents.Kernel;
using Microsoft.Extensions.Logging;

if (args is ["snapshots", .. var others])
    return await SnapshotProgram.Run(others);
if (args is ["deletions", .. var rest])
    return await DeletionProgram.Run(rest);
if (args is ["deltas", .. var changes])
    return await DeltaProgram.Run(changes);
if (args is ["imports", .. var parts])
    return await ImportProgram.Run(parts);
if (args is ["journal", .. var lives])
    return await JournalProgram.Run(lives);
if (args is ["creates", .. var creates])
    return await CreateProgram.Run(creates);
if (args is ["transfers", .. var transfers])
    return await TransferProgram.Run(transfers);
if (args is ["entities"])
    return await EntityProgram.Run();
if (BenchOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine(BenchOptions.Help);
    return 2;
}
var opened = LinuxKernel.Open();
if (!opened.Succeeded)
{
    Console.Error.WriteLine(
        $"device-mapper cannot be used: {opened.Error}; next: tests/Bench/run.sh runs it in the lab");
    return 1;
}
using var kernel = opened.Value;
using var loggers = LoggerFactory.Create(logging => logging
    .SetMinimumLevel(LogLevel.Warning)
    .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
var settings =
    SettingsReader.Read(null) with { StateDirectory = options.State + "/agent", LogLevel = LogLevel.Warning };

var bareIdentity = PoolPlan.IdentityOf(kernel, "bare", options.Bare, options.State);
var bare = new BareSide(kernel, BarePool.Open(kernel, bareIdentity, options.State + "/bare"));
await using var actors = new ActorSide(
    kernel, PoolPlan.IdentityOf(kernel, "actors", options.Actors, options.State), settings, loggers);
await actors.Open();
await using var commits = new CommitMeter(settings with { StateDirectory = options.State + "/commits" });
using var bareCommits = new BareCommit(options.State + "/sqlite.db");

var disks = new WorkloadDisks(
    Bare: new DiskWrites(options.Bare.Data, options.Bare.Metadata),
    Actors: new DiskWrites(options.Actors.Data, options.Actors.Metadata),
    Journal: DiskWrites.Below(options.State));
var workload = new Workload(bare, actors, commits, bareCommits, settings.JournalFile, disks);
await workload.Run(options.WarmRounds, bursts: 1);
var figures = await workload.Run(options.Rounds, options.Bursts);
Console.WriteLine(options.Json ? Report.Json(figures) : Report.Table(figures));
return 0;
