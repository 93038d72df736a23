using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Pools;

/// <summary>pool create: four kinds of pool, distinguished by the option that names their devices.</summary>
internal sealed class PoolCreate
{
    private readonly Argument<string> _name = new("name")
    {
        Description = "Name of the pool: a-z, 0-9 and dashes, up to 32",
    };

    private readonly Option<string[]> _data = new("--data")
    {
        Description = "Direct: a block device for data; several are joined in the given order",
        HelpName = "device",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _metadata = new("--metadata")
    {
        Description = "Direct: the block device for metadata",
        HelpName = "device",
    };

    private readonly Option<string?> _disk = new("--disk")
    {
        Description = "Single disk: the agent splits it into data and metadata",
        HelpName = "device",
    };

    private readonly Option<bool> _loop = new("--loop")
    {
        Description = "Loop: files that the agent makes. For trying out, not for production",
    };

    private readonly Option<string?> _directory = new("--directory")
    {
        Description = "Loop: where the files go [default: below the agent's state directory]",
        HelpName = "path",
    };

    private readonly Option<string?> _existing = new("--existing")
    {
        Description = "Existing: an empty thin pool, by its device-mapper name",
        HelpName = "dm-name",
    };

    private readonly Option<string?> _fileSystem = new("--file-system")
    {
        Description = "File system of the layers [default: ext4]",
    };

    private readonly Option<ulong?> _dataSize = CommonSymbols.Size("--data-size", "Loop: size of the data file");

    private readonly Option<ulong?> _metadataSize = CommonSymbols.Size(
        "--metadata-size", "Single disk and loop: size of the metadata [default: from the data, with headroom]");

    private readonly Option<ulong?> _blockSize = CommonSymbols.Size(
        "--block-size",
        "Pool block, a multiple of 64KiB; large ones cost copying, small ones metadata [default: 64KiB]");

    private readonly Option<bool> _force = CommonSymbols.Force(
        "Use devices although they carry a file system, a partition table or another signature");

    public static CliCommand Build(CliShell shell) => new PoolCreate().Command(shell);

    private CliCommand Command(CliShell shell)
    {
        var command = new CliCommand(
            "create",
            "Create a pool on block devices, one disk, loop files or an existing thin pool.",
            "dmagent pool create fast --data /dev/vdb --metadata /dev/vdc",
            "dmagent pool create wide --data /dev/vdb /dev/vdd --metadata /dev/vdc --block-size 128KiB",
            "dmagent pool create disk --disk /dev/nvme1n1 --metadata-size 4GiB --file-system xfs",
            "dmagent pool create try --loop --data-size 20G",
            "dmagent pool create adopted --existing vg0-thinpool")
        {
            _name, _data, _metadata, _disk, _loop, _existing, _dataSize, _metadataSize, _directory, _blockSize,
            _fileSystem, _force, CommonSymbols.RequestId,
        };
        _fileSystem.AcceptOnlyFromAmong("ext4", "xfs");
        command.ExactlyOneOf(_data, _disk, _loop, _existing);
        command.OnlyWith(_data, _metadata);
        command.OnlyWith(_loop, _dataSize, _directory);
        command.Validators.Add(result =>
        {
            if (CommonSymbols.Given(result, _data) && !CommonSymbols.Given(result, _metadata))
                result.AddError("--data needs --metadata; with one device only, use --disk.");
            if (CommonSymbols.Given(result, _loop) && !CommonSymbols.Given(result, _dataSize))
                result.AddError("--loop needs --data-size.");
            if (CommonSymbols.Given(result, _metadataSize)
                && !CommonSymbols.Given(result, _disk) && !CommonSymbols.Given(result, _loop))
                result.AddError("--metadata-size goes only with --disk or --loop.");
        });
        return command.Runs(shell, RunAsync);
    }

    private async Task RunAsync(AgentCall call)
    {
        var request = Request(call);
        call.About(request.Name);
        if (request.Loop is not null)
        {
            call.Output.Warning(
                "a loop pool is for trying out: slow, double-cached, and full when the host's file system is. "
                + "Use --disk or --data on real devices for anything that matters.");
        }

        PoolDetails? pool = null;
        await foreach (var reply in call.StreamAsync(options => call.Pools.Create(request, options)))
        {
            if (reply.Step is { } step)
                call.Output.Progress(reply, PoolViews.StepText(step));
            pool = reply.Pool ?? pool;
        }

        if (pool is null)
            throw call.WithoutResult();
        var answer = new CreatePoolReply { Pool = pool };
        call.Output.Document(answer, console => PoolViews.Created(console, pool), pool.Name);
    }

    private CreatePoolRequest Request(AgentCall call)
    {
        var parsed = call.Parsed;
        var request = new CreatePoolRequest
        {
            RequestId = call.RequestId(),
            Name = parsed.GetRequiredValue(_name),
            FileSystem = FileSystems.Parse(parsed.GetValue(_fileSystem)),
            Force = parsed.GetValue(_force),
        };
        if (parsed.GetValue(_blockSize) is { } blockSize)
            request.BlockSizeBytes = blockSize;
        if (parsed.GetValue(_loop))
            request.Loop = Loop(call);
        else if (parsed.GetValue(_existing) is { } dmName)
            request.Existing = new ExistingBacking { DmName = dmName };
        else if (parsed.GetValue(_disk) is { } disk)
            request.SingleDisk = SingleDisk(call, disk);
        else
            request.Direct = Direct(call);
        return request;
    }

    private DirectBacking Direct(AgentCall call)
    {
        var direct = new DirectBacking { MetadataDevice = call.FullPath(call.Parsed.GetRequiredValue(_metadata)!) };
        direct.DataDevices.Add(call.Parsed.GetRequiredValue(_data).Select(call.FullPath));
        return direct;
    }

    private SingleDiskBacking SingleDisk(AgentCall call, string disk)
    {
        var backing = new SingleDiskBacking { Device = call.FullPath(disk) };
        if (call.Parsed.GetValue(_metadataSize) is { } size)
            backing.MetadataSizeBytes = size;
        return backing;
    }

    private LoopBacking Loop(AgentCall call)
    {
        var loop = new LoopBacking { DataSizeBytes = call.Parsed.GetValue(_dataSize)!.Value };
        if (call.Parsed.GetValue(_metadataSize) is { } size)
            loop.MetadataSizeBytes = size;
        if (call.Parsed.GetValue(_directory) is { } directory)
            loop.Directory = call.FullPath(directory);
        return loop;
    }
}
