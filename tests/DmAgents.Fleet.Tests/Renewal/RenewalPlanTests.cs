using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Renewal;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Fleet.Tests.Renewal;

public class RenewalPlanTests
{
    private static readonly DateTimeOffset _start = SetTime.Start;
    private static readonly TimeSpan _life = TimeSpan.FromDays(90);

    [Fact]
    public void A_certificate_is_renewed_after_two_thirds_of_its_life_or_up_to_a_tenth_earlier()
    {
        var times = Enumerable.Range(0, 500).Select(number => RenewalOf($"web{number}")).ToArray();

        Assert.All(times, time => Assert.InRange(
            time, _start + _life * (2.0 / 3 - 0.1) - TimeSpan.FromSeconds(1), _start + _life * (2.0 / 3)));
        // Spread: no day of the nine has more than a quarter of the hosts.
        Assert.All(
            times.GroupBy(time => (time - _start).Days), day => Assert.InRange(day.Count(), 1, times.Length / 4));
    }

    [Fact]
    public void A_hosts_time_is_always_the_same()
    {
        Assert.Equal(RenewalOf("web1"), RenewalOf("web1"));
        Assert.Equal(
            new DateTimeOffset(2026, 4, 29, 15, 22, 26, TimeSpan.Zero), FleetClock.ToSecond(RenewalOf("web1")));
    }

    [Fact]
    public void Before_its_time_nothing_is_to_be_done_and_at_its_time_it_is_due()
    {
        var time = RenewalOf("web1");

        Assert.Equal(CertificateCondition.Good, Next(time - TimeSpan.FromSeconds(1)).Condition);
        Assert.Equal(new RenewalStep(CertificateCondition.Due, time, "", ""), Next(time));
        Assert.Equal(_start + _life, Next(_start + _life).RenewAt);
    }

    [Fact]
    public void Failures_make_the_pauses_longer_up_to_a_hundredth_of_the_life()
    {
        var last = _start + TimeSpan.FromDays(62);
        var pauses = Enumerable.Range(1, 40)
            .Select(count => Next(last, new RenewalFailures(count, last, "refused")).RenewAt!.Value - last).ToArray();

        Assert.InRange(pauses[0], TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1.25));
        Assert.InRange(pauses[1] / pauses[0], 1.99, 2.01);
        Assert.All(pauses.Zip(pauses.Skip(1)), pair => Assert.True(pair.Second >= pair.First));
        Assert.InRange(pauses[^1], _life / 100, _life / 100 * 1.25);
    }

    [Fact]
    public void Failures_are_reported_with_their_cause_and_worse_when_little_is_left()
    {
        var failures = new RenewalFailures(3, _start + TimeSpan.FromDays(62), "no route to host");

        var failing = Next(_start + TimeSpan.FromDays(62), failures);
        var ending = Next(_start + TimeSpan.FromDays(81), failures);

        Assert.Equal(CertificateCondition.Failing, failing.Condition);
        Assert.Equal(CertificateCondition.Ending, ending.Condition);
        Assert.All([failing, ending], step =>
        {
            Assert.Contains("3 attempts", step.Why, StringComparison.Ordinal);
            Assert.Contains("no route to host", step.Why, StringComparison.Ordinal);
            Assert.Contains("2026-06-02", step.Why, StringComparison.Ordinal);
            Assert.NotEmpty(step.Next);
        });
    }

    [Fact]
    public void A_last_attempt_comes_before_the_end()
    {
        var end = _start + _life;
        var failures = new RenewalFailures(20, end - TimeSpan.FromHours(2), "refused");

        Assert.Equal(end - TimeSpan.FromMinutes(1), Next(end - TimeSpan.FromHours(1), failures).RenewAt);
    }

    [Fact]
    public void Once_it_has_ended_only_joining_again_helps()
    {
        var step = Next(_start + _life + TimeSpan.FromSeconds(1), new RenewalFailures(9, _start, "refused"));

        Assert.Equal((CertificateCondition.Ended, null), (step.Condition, step.RenewAt));
        Assert.Contains("join again", step.Next, StringComparison.Ordinal);
    }

    private static DateTimeOffset RenewalOf(string host) =>
        RenewalPlan.Next(Certificate(host), RenewalFailures.None, _start).RenewAt!.Value;

    private static RenewalStep Next(DateTimeOffset now, RenewalFailures? failures = null) =>
        RenewalPlan.Next(Certificate("web1"), failures ?? RenewalFailures.None, now);

    private static HostCertificate Certificate(string host) => new(
        new FleetId(Guid.Empty), new FleetName("prod"), new HostName(host), CertificateSerial.Of([1]),
        new KeyFingerprint(Digest.Of([])), _start, _start + _life);
}
