using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using Spectre.Console;

namespace DmAgents.Cli.Fleet;

/// <summary>The fleet as one host sees it.</summary>
internal static class FleetView
{
    public static void Write(IAnsiConsole console, FleetStatus status, DateTimeOffset now)
    {
        if (status.Fleet.Length == 0)
        {
            console.WriteLine(status.Words);
            Next(console, status.Next);
            return;
        }
        var sheet = new Sheet()
            .Group($"fleet {status.Fleet}")
            .Row("this host", $"{status.Host} at {status.Address}")
            .Row("state", Words.Of(status.Standing))
            .Row("", status.Words);
        if (status.AwaySince is not null)
            sheet.Row("away since", Times.Ago(status.AwaySince, now));
        if (status.NextTry is not null)
            sheet.Row("tries again", Times.In(status.NextTry, now));
        if (status.ChangesRefusedWhy.Length > 0)
            sheet.Row("fleet changes", "refused at this moment");
        sheet.Row("an even split", status.EvenSplit)
            .Row("authority", AuthorityOf(status))
            .Row(
                "its certificate",
                $"until {DateOf(status.Authority.EndsAt)}, {Words.Short(status.Authority.Fingerprint)}")
            .Row("own certificate", CertificateOf(status.Certificate, now))
            .Row("revocations", $"number {status.RevocationNumber}")
            .Row("database", DatabaseOf(status.Database))
            .Write(console);
        console.WriteLine();
        Hosts(console, status, now);
        foreach (var peer in status.RefusedPeers)
        {
            console.WriteLine();
            console.WriteLine(
                $"refused {peer.Peer} {Words.Count(peer.Count, "time")}, last {Times.Ago(peer.Last, now)}: {peer.Why}");
            Next(console, peer.Next);
        }
        Next(console, status.Certificate.Next);
        Next(console, status.Database?.Next ?? "");
        Next(console, status.Next);
    }

    private static void Hosts(IAnsiConsole console, FleetStatus status, DateTimeOffset now)
    {
        var list = new Listing("This host sees no host of the fleet.",
            "HOST", "ADDRESS", "STATE", "SINCE", "VERSION", "CERTIFICATE UNTIL", "");
        foreach (var host in status.Hosts)
        {
            list.Row(
                Words.OrDash(host.Host), host.Address, StateOf(host),
                Times.Ago(host.UnreachableSince ?? host.Since, now), Words.OrDash(host.AgentVersion),
                host.CertificateEndsAt is null ? "-" : DateOf(host.CertificateEndsAt), RolesOf(host));
        }
        list.Write(console);
    }

    private static string StateOf(FleetHostStatus host) =>
        host.UnreachableSince is not null ? $"unreachable ({Words.Of(host.State)})" : Words.Of(host.State);

    private static string RolesOf(FleetHostStatus host) => string.Join(", ", new[]
    {
        host.IsThisHost ? "this host" : "", host.IsLeader ? "leader" : "", host.IsOldest ? "oldest" : "",
    }.Where(role => role.Length > 0));

    private static string AuthorityOf(FleetStatus status) => status switch
    {
        { HasAuthority: true } => $"this host alone lets hosts in, renews and revokes; "
            + $"{Words.Count(status.Authority.OpenTokens, "token")} not used yet",
        { AuthorityUnreachableWhy.Length: > 0 } =>
            $"{AuthorityHostOf(status)}, which did not answer: {status.AuthorityUnreachableWhy}",
        _ => $"{AuthorityHostOf(status)}, which alone lets hosts in, renews and revokes",
    };

    private static string AuthorityHostOf(FleetStatus status) => status.AuthorityHost.Length == 0
        ? $"the host at {status.AuthorityAddress}"
        : $"{status.AuthorityHost} at {status.AuthorityAddress}";

    private static string CertificateOf(FleetCertificate certificate, DateTimeOffset now)
    {
        var renewal = certificate.RenewedAt is null ? "" : $", renewed {Times.In(certificate.RenewedAt, now)}";
        var matter = certificate.Why.Length == 0 ? "" : $"; {certificate.Why}";
        return $"until {DateOf(certificate.EndsAt)}{renewal}{matter}";
    }

    private static string DatabaseOf(FleetDatabaseStatus? database) => database switch
    {
        null => "unknown",
        { State: FleetDatabaseState.NotSet } => $"none: {database.Why}",
        { Since: null } => $"{database.Where}: {database.Why}",
        _ => $"{database.Where}: {Words.Of(database.State)} since {DateOf(database.Since)}"
            + (database.Why.Length == 0 ? "" : $": {database.Why}"),
    };

    private static string DateOf(Google.Protobuf.WellKnownTypes.Timestamp time) =>
        time.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static void Next(IAnsiConsole console, string next)
    {
        if (next.Length > 0)
            console.WriteLine($"next: {next}");
    }
}
