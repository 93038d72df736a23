using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Completion;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;
using DmAgents.Cli.Transfers;

namespace DmAgents.Cli.Images;

internal static class ImageCopy
{
    public static CliCommand Build(CliShell shell)
    {
        var image = new Argument<string>("image") { Description = "Reference or id of the image, as that host has it" };
        var from = new Option<string?>("--from")
        {
            Description = "The host of the fleet that has it [default with --to: this host]", HelpName = "host",
        };
        var to = new Option<string[]>("--to")
        {
            Description = "Hosts that are to bring it, all at once [default: this host]", HelpName = "host",
            AllowMultipleArgumentsPerToken = true,
        };
        from.CompletionSources.Add(Names.Of(shell, Names.FleetHosts));
        to.CompletionSources.Add(Names.Of(shell, Names.FleetHosts));
        var pool = CommonSymbols.Pool(shell);
        var command = new CliCommand(
            "copy", "Copy an image between hosts of the fleet: the blocks that the receiving host lacks.",
            "dmagent image copy debian:12 --from host-1", "dmagent image copy app:7 --from host-1 --pool fast --json",
            "dmagent image copy app:7 --to host-2 host-3")
            { image, from, to, pool, CommonSymbols.RequestId };
        command.Validators.Add(result =>
        {
            if (!CommonSymbols.Given(result, from) && !CommonSymbols.Given(result, to))
                result.AddError("--from HOST or --to HOST is needed.");
        });
        return command.Runs(shell, async call =>
        {
            var request = new CopyImageRequest
            {
                Image = call.Parsed.GetRequiredValue(image),
                FromHost = call.Parsed.GetValue(from) ?? "",
                ToHosts = { call.Parsed.GetValue(to) ?? [] },
                RequestId = call.RequestId(),
            };
            call.About(request.Image);
            var given = call.Parsed.GetValue(pool);
            // With --to, the pool is one on the other hosts.
            request.Pool = request.ToHosts.Count > 0 ? given ?? "" : await call.PoolAsync(given);
            var copied = await call.Output.TransferAsync(report => ReceiveAsync(call, request, report));
            call.Output.Document(copied, console => ImageViews.Copied(console, copied, request), NameOf(copied));
        });
    }

    private static string NameOf(CopyImageReply copied) => copied.Image?.Reference ?? copied.Copied.Reference;

    private static async Task<CopyImageReply> ReceiveAsync(
        AgentCall call, CopyImageRequest request, Action<Transfer> report)
    {
        CopyImageReply? last = null;
        // The progress of each host: bar and text show all hosts together.
        SortedDictionary<string, RunningTransfer> hosts = new(StringComparer.Ordinal);
        await foreach (var reply in call.StreamAsync(options => call.Transfers.CopyImage(request, options)))
        {
            if (reply.Progress is { } progress)
            {
                hosts[progress.ToHost] = progress;
                report(new Transfer(
                    reply, string.Join("; ", hosts.Values.Select(TransferViews.Text)),
                    hosts.Values.Aggregate(0UL, (sum, each) => sum + each.BytesReceived),
                    hosts.Values.Aggregate(0UL, (sum, each) => sum + each.BytesTotal)));
            }
            else
            {
                last = reply;
            }
        }

        return last ?? throw call.WithoutResult();
    }
}
