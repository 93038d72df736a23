using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;
using Spectre.Console;

namespace DmAgents.Cli.Pools;

/// <summary>pool adopt: takes over a pool without a journal, with everything in it.</summary>
internal static class PoolAdopt
{
    public static CliCommand Build(CliShell shell)
    {
        var pool = new Argument<string>("pool")
        {
            Description = "Name of the pool; its files are in pools/NAME below the agent's state directory",
        };
        var data = new Option<string[]>("--data")
        {
            Description = "Without pool.json: the block devices with its data, in their order",
            HelpName = "device",
            AllowMultipleArgumentsPerToken = true,
        };
        var metadata = new Option<string?>("--metadata")
        {
            Description = "Without pool.json: the block device with its metadata", HelpName = "device",
        };
        var disk = new Option<string?>("--disk")
        {
            Description = "Without pool.json: the one disk with both", HelpName = "device",
        };
        var loop = new Option<string?>("--loop")
        {
            Description = "Without pool.json: the directory with its two files", HelpName = "path",
        };
        var existing = new Option<string?>("--existing")
        {
            Description = "Without pool.json: a thin pool that another program assembles, by its device-mapper name",
            HelpName = "dm-name",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only show what would be taken over" };
        var command = new CliCommand(
            "adopt",
            "Take over a pool whose journal is lost, or is of another time, with what its own metadata and its files "
            + "say. Unknown thin ids go to quarantine; nothing is deleted. If pool.json is lost, too, name the pool's "
            + "disks or files.",
            "dmagent pool adopt fast --dry-run",
            "dmagent pool adopt fast",
            "dmagent pool adopt fast --dry-run --json | jq '.findings[].why'",
            "dmagent pool adopt fast --data /dev/vdb --metadata /dev/vdc --dry-run",
            "dmagent pool adopt disk --disk /dev/nvme1n1",
            "dmagent pool adopt try --loop /srv/dmagents",
            "dmagent pool adopt vg --existing vg0-thinpool")
            { pool, data, metadata, disk, loop, existing, dryRun, CommonSymbols.RequestId };
        command.OnlyWith(data, metadata);
        command.Validators.Add(result =>
        {
            if (new Option[] { data, disk, loop, existing }.Count(option => CommonSymbols.Given(result, option)) > 1)
                result.AddError("At most one of --data, --disk, --loop and --existing can be given.");
            if (CommonSymbols.Given(result, data) && !CommonSymbols.Given(result, metadata))
                result.AddError("--data needs --metadata; with one device only, use --disk.");
        });
        return command
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(pool);
                var request = new AdoptPoolRequest
                {
                    RequestId = call.RequestId(), Pool = name, DryRun = call.Parsed.GetValue(dryRun),
                };
                if (call.Parsed.GetValue(data) is { Length: > 0 } devices)
                {
                    request.Direct = new DirectBacking
                    {
                        DataDevices = { devices.Select(call.FullPath) },
                        MetadataDevice = call.FullPath(call.Parsed.GetRequiredValue(metadata)!),
                    };
                }
                else if (call.Parsed.GetValue(disk) is { } device)
                    request.SingleDisk = new SingleDiskBacking { Device = call.FullPath(device) };
                else if (call.Parsed.GetValue(loop) is { } directory)
                    request.Loop = new LoopBacking { Directory = call.FullPath(directory) };
                else if (call.Parsed.GetValue(existing) is { } dmName)
                    request.Existing = new ExistingBacking { DmName = dmName };
                var reply = await call.About(name).Pools.AdoptAsync(request, call.Unary);
                call.Output.Document(reply, console => Write(console, reply, request), reply.Pool);
            });
    }

    private static void Write(IAnsiConsole console, AdoptPoolReply reply, AdoptPoolRequest request)
    {
        var list = new Listing(
            "Nothing of the pool's content is claimed.", ">ID", "KIND", "KEY", ">SIZE", ">MAPPED", "");
        foreach (var device in reply.Devices)
        {
            list.Row(
                $"{device.ThinId}", device.Kind.ToString().ToLowerInvariant(), device.Key,
                Sizes.Format(device.SizeBytes), Sizes.Format(device.MappedBytes), device.Removing ? "is removed" : "");
        }

        list.Write(console);
        FindingView.Write(console, reply.Findings);
        console.WriteLine();
        console.WriteLine(
            $"pool {reply.Pool} {(reply.DryRun ? "would be taken over" : "is taken over")} with "
            + $"{Words.Count(reply.Devices.Count, "device")}, {Words.Count(reply.Images.Count, "image")} and "
            + $"{Words.Count(reply.Views.Count, "view")}; {reply.QuarantinedThinIds.Count} in quarantine");
        if (reply.DryRun)
        {
            var again = request.BackingCase == AdoptPoolRequest.BackingOneofCase.None ? "" : ", with the same options";
            console.WriteLine($"Nothing was changed. To take it over: dmagent pool adopt {reply.Pool}{again}");
        }
    }
}
