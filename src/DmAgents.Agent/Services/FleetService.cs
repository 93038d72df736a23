using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;
using Grpc.Core;
using FleetStatus = DmAgents.Api.Admin.V1.FleetStatus;

namespace DmAgents.Agent.Services;

/// <summary>The fleet of the admin API.</summary>
internal sealed class FleetService(
    FleetMaker maker, FleetTokens tokens, FleetJoiner joiner, FleetLeaver leaver, FleetViews views)
    : Fleets.FleetsBase
{
    public override async Task<FleetStatus> Init(InitFleetRequest request, ServerCallContext context)
    {
        if (!FleetName.TryParse(request.Name, out var name))
            throw Problems.Usage(FleetMaker.What, request.Name, FleetName.Rule, "choose another name");
        await maker.Make(
            name, HostOrNone(FleetMaker.What, request.Host), AddressOrNone(FleetMaker.What, request.Address),
            context.CancellationToken).ConfigureAwait(false);
        return views.Status();
    }

    public override Task<FleetToken> MakeToken(MakeFleetTokenRequest request, ServerCallContext context)
    {
        // Longer than any token may live, and short enough for a TimeSpan.
        var life = TimeSpan.FromSeconds(Math.Min(request.LifeSeconds, uint.MaxValue));
        var made = tokens.Make(life);
        return Task.FromResult(new FleetToken
        {
            Token = made.Word,
            Fleet = made.Fleet.Value,
            Address = made.Address.ToString(),
            ExpiresAt = Views.Time(made.Expires),
        });
    }

    public override async Task Join(
        JoinFleetRequest request, IServerStreamWriter<JoinFleetReply> responseStream, ServerCallContext context)
    {
        const string What = FleetJoiner.What;
        var asked = new JoinAsked(
            AddressOrNone(What, request.Address)
                ?? throw Problems.Usage(What, "", "no address is given", "give that of the host that made the fleet"),
            request.Token, HostOrNone(What, request.Host), AddressOrNone(What, request.OwnAddress));
        // A join continues without its caller: otherwise the host would be half in the fleet.
        var steps = System.Threading.Channels.Channel.CreateUnbounded<string>();
        var joining = Task.Run(async () =>
        {
            try
            {
                await joiner.Join(asked, said => steps.Writer.TryWrite(said), CancellationToken.None)
                    .ConfigureAwait(false);
            }
            finally
            {
                steps.Writer.Complete();
            }
        });
        await foreach (var step in steps.Reader.ReadAllAsync(context.CancellationToken).ConfigureAwait(false))
        {
            await responseStream.WriteAsync(new JoinFleetReply { Step = step }, context.CancellationToken)
                .ConfigureAwait(false);
        }
        await joining.ConfigureAwait(false);
        await responseStream.WriteAsync(new JoinFleetReply { Status = views.Status() }, context.CancellationToken)
            .ConfigureAwait(false);
    }

    public override async Task<LeaveFleetReply> Leave(LeaveFleetRequest request, ServerCallContext context)
    {
        var left = await leaver.Leave(request.Force, context.CancellationToken).ConfigureAwait(false);
        return new LeaveFleetReply
        {
            Fleet = left.Fleet?.Value ?? "",
            Host = left.Host?.Value ?? "",
            FleetEnded = left.Ended,
            NotRevokedWhy = left.Unsaid?.Why ?? "",
            CopyLeft = left.IsCopy,
        };
    }

    public override async Task<RevokeFleetHostReply> Revoke(
        RevokeFleetHostRequest request, ServerCallContext context)
    {
        const string What = "cannot revoke host";
        var host = HostOrNone(What, request.Host)
            ?? throw Problems.Usage(What, "", "no host is named", "list them: dmagent fleet status");
        var fleet = await tokens.Revoke(host, context.CancellationToken).ConfigureAwait(false);
        return new RevokeFleetHostReply { Fleet = fleet.Value, Host = host.Value };
    }

    public override Task<FleetStatus> GetStatus(GetFleetStatusRequest request, ServerCallContext context) =>
        Task.FromResult(views.Status());

    private static HostName? HostOrNone(string what, string text) =>
        text.Length == 0 ? null
        : HostName.TryParse(text, out var host) ? host
        : throw Problems.Usage(what, text, $"it is no host's name: {HostName.Rule}", "choose another name");

    private static MemberAddress? AddressOrNone(string what, string text) =>
        text.Length == 0 ? null
        : MemberAddress.TryParse(text, out var address) && Fleet.FleetPorts.Fit(address) ? address
        : throw Problems.Usage(what, text, "it is no address of a member", $"give {Fleet.FleetPorts.Rule}");
}
