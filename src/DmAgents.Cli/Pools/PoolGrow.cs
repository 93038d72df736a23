using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Pools;

internal static class PoolGrow
{
    public static CliCommand Build(CliShell shell)
    {
        var pool = CommonSymbols.PoolOrTheOnlyOne(shell);
        var add = new Option<string?>("--add") { Description = "A block device to append", HelpName = "device" };
        var to = CommonSymbols.Size("--to", "Loop pools: the file's size afterwards");
        var by = CommonSymbols.Size("--by", "Loop pools: by how much the file grows");
        var metadata = new Option<bool>("--metadata") { Description = "Grow the metadata instead of the data" };
        var force = CommonSymbols.Force("Use the device although it carries a signature");
        var command = new CliCommand(
            "grow", "Grow a pool while it is in use.",
            "dmagent pool grow fast --add /dev/vdd",
            "dmagent pool grow try --to 40GiB",
            "dmagent pool grow try --metadata --by 512MiB")
            { pool, add, to, by, metadata, force, CommonSymbols.RequestId };
        command.ExactlyOneOf(add, to, by);
        command.OnlyWith(add, force);
        return command.Runs(shell, async call =>
        {
            var name = await call.PoolAsync(call.Parsed.GetValue(pool));
            var request = new GrowPoolRequest
            {
                RequestId = call.RequestId(),
                Pool = name,
                Part = call.Parsed.GetValue(metadata)
                    ? GrowPoolRequest.Types.Part.Metadata
                    : GrowPoolRequest.Types.Part.Data,
                Force = call.Parsed.GetValue(force),
            };
            if (call.Parsed.GetValue(add) is { } device)
                request.AddDevice = call.FullPath(device);
            else if (call.Parsed.GetValue(to) is { } size)
                request.ToSizeBytes = size;
            else
                request.BySizeBytes = call.Parsed.GetValue(by)!.Value;
            var details = await call.About(name).Pools.GrowAsync(request, call.Unary);
            call.Output.Sentence(
                details,
                $"{details.Name}: data {UsageBar.Text(details.Data)}; metadata {UsageBar.Text(details.Metadata)}"
                + string.Concat(details.GrowthWarnings.Select(warning => $"\n  mind: {warning}")),
                details.Name);
        });
    }
}
