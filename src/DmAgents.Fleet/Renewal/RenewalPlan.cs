using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;

namespace DmAgents.Fleet.Renewal;

/// <summary>The condition of a host's certificate, for status and events.</summary>
public enum CertificateCondition
{
    /// <summary>Nothing to do.</summary>
    Good,

    /// <summary>Renewal is due, and no attempt has failed.</summary>
    Due,

    /// <summary>Attempts fail; the certificate is still valid.</summary>
    Failing,

    /// <summary>Attempts fail, and less than a tenth of the certificate's life is left.</summary>
    Ending,

    /// <summary>The certificate has expired: members refuse it, and the authority does not renew it.</summary>
    Ended,
}

/// <summary>The failed attempts to renew since the present certificate was issued.</summary>
/// <param name="Count">0 if no attempt has failed.</param>
/// <param name="Last">When the last one failed.</param>
/// <param name="Why">Why the last one failed.</param>
public sealed record RenewalFailures(int Count, DateTimeOffset Last, string Why)
{
    public static RenewalFailures None { get; } = new(0, default, "");
}

/// <summary>What to do about a host's certificate.</summary>
/// <param name="Condition">For status and events: a change causes an event.</param>
/// <param name="RenewAt">The time of the next attempt; null if only joining again helps.</param>
/// <param name="Why">What is wrong; empty if nothing is.</param>
/// <param name="Next">What an operator can do; empty if nothing needs to be done.</param>
public sealed record RenewalStep(CertificateCondition Condition, DateTimeOffset? RenewAt, string Why, string Next);

/// <summary>
/// Decides when a host renews its certificate. Pure. Renewal starts after two thirds of the certificate's life, less up
/// to a tenth of the life by the host's name, so that hosts that joined together do not renew together. After a failure
/// the next attempt comes after a minute, then after twice the time, up to a hundredth of the life (21 hours of 90
/// days).
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

    /// <summary>Never after the certificate's end: the last attempt matters more than an even pace. Each pause grows by
    /// up to a quarter by the host's name, which spreads hosts that lost the issuer at the same time.</summary>
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

    /// <summary>From 0 to 1, constant for a name over time and releases, so not the runtime's hash.</summary>
    private static double ShareOf(HostName host) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes(host.Value)))
        / (double)uint.MaxValue;
}
