using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;

namespace DmAgents.Fleet.Renewal;

/// <summary>How a host's certificate stands, for status and events.</summary>
public enum CertificateCondition
{
    /// <summary>Nothing is to be done.</summary>
    Good,

    /// <summary>It is time to renew, and no attempt has failed.</summary>
    Due,

    /// <summary>Attempts fail; the certificate still holds.</summary>
    Failing,

    /// <summary>Attempts fail, and less than a tenth of the certificate's life is left.</summary>
    Ending,

    /// <summary>It has ended: members refuse it, and the authority does not renew it.</summary>
    Ended,
}

/// <summary>The attempts to renew that failed since the present certificate was given.</summary>
/// <param name="Count">0 if none has.</param>
/// <param name="Last">When the last one failed.</param>
/// <param name="Why">Why it did.</param>
public sealed record RenewalFailures(int Count, DateTimeOffset Last, string Why)
{
    public static RenewalFailures None { get; } = new(0, default, "");
}

/// <summary>What to do about a host's certificate.</summary>
/// <param name="Condition">For status and events: an event is due if it changes.</param>
/// <param name="RenewAt">When to try next; null if only joining again helps.</param>
/// <param name="Why">What is the matter; empty while nothing is.</param>
/// <param name="Next">What an operator can do; empty if nothing needs to be done.</param>
public sealed record RenewalStep(CertificateCondition Condition, DateTimeOffset? RenewAt, string Why, string Next);

/// <summary>
/// When a host renews its certificate: pure. After two thirds of its life, up to a tenth earlier by the host's name, so
/// that hosts which joined together do not renew together. If it fails: again after a minute, then twice as long, up to
/// a hundredth of the life (21 hours of 90 days).
/// </summary>
public static class RenewalPlan
{
    private static readonly TimeSpan _firstRetry = TimeSpan.FromMinutes(1);

    public static RenewalStep Next(HostCertificate certificate, RenewalFailures failures, DateTimeOffset now)
    {
        if (now > certificate.NotAfter)
        {
            return new RenewalStep(
                CertificateCondition.Ended, RenewAt: null,
                string.Create(CultureInfo.InvariantCulture,
                    $"the certificate of host {certificate.Host} ended at {certificate.NotAfter:u}{Because(failures)}"),
                "compare the clock of this host with others; if it is right, join again with a new join token");
        }
        var life = certificate.NotAfter - certificate.NotBefore;
        var due = certificate.NotBefore + life * (2.0 / 3) - life * 0.1 * ShareOf(certificate.Host);
        if (failures.Count == 0)
        {
            return now < due
                ? new RenewalStep(CertificateCondition.Good, due, "", "")
                : new RenewalStep(CertificateCondition.Due, now, "", "");
        }
        var ending = now >= certificate.NotAfter - life * 0.1;
        return new RenewalStep(
            ending ? CertificateCondition.Ending : CertificateCondition.Failing,
            NextTry(certificate, failures, life),
            string.Create(CultureInfo.InvariantCulture,
                $"the certificate of host {certificate.Host} ends at {certificate.NotAfter:u}{Because(failures)}"),
            "see whether the host that made the fleet runs and is reached, and whether this host was revoked");
    }

    /// <summary>Never after the certificate's end: the last attempt is worth more than an even pace. The share of the
    /// name spreads hosts that lost the issuer at one moment.</summary>
    private static DateTimeOffset NextTry(HostCertificate certificate, RenewalFailures failures, TimeSpan life)
    {
        var longest = life / 100;
        // 30 doublings of a minute are two thousand years.
        var pause = _firstRetry * Math.Pow(2, Math.Min(failures.Count - 1, 30));
        if (pause > longest)
            pause = longest;
        var next = failures.Last + pause * (1 + 0.25 * ShareOf(certificate.Host));
        var last = certificate.NotAfter - _firstRetry;
        return next > last && failures.Last < last ? last : next;
    }

    private static string Because(RenewalFailures failures) => failures.Count == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture,
            $", and {failures.Count} attempts to renew it failed, the last at {failures.Last:u}: {failures.Why}");

    /// <summary>From 0 to 1, the same for a name at each time and on each release: not the runtime's hash.</summary>
    private static double ShareOf(HostName host) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes(host.Value)))
        / (double)uint.MaxValue;
}
