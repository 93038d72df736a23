using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Members;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Files;

namespace DmAgents.Fleet.Tests.Members;

public class FleetFoundingTests
{
    /// <summary>Document, key, certificate; host key, document, authorities, revocations, host certificate.</summary>
    private const int Steps = 8;

    private readonly SetTime _time = new();

    public static TheoryData<int, bool> Deaths
    {
        get
        {
            var deaths = new TheoryData<int, bool>();
            for (var step = 0; step < Steps; step++)
            {
                deaths.Add(step, false);
                deaths.Add(step, true);
            }
            return deaths;
        }
    }

    [Fact]
    public void A_fleet_and_its_first_member_are_made_and_found_again()
    {
        var files = new MemoryFiles();
        using var made = TestFleet.Found(files, "prod", "first", _time).Value;

        using var again = TestFleet.Found(files, "prod", "first", _time).Value;

        Assert.Equal(made.Authority.Id, again.Authority.Id);
        Assert.Equal(made.Authority.Certificate.Fingerprint, again.Authority.Certificate.Fingerprint);
        Assert.Equal(made.Member.Host, again.Member.Host);
        Assert.Equal(
            (new FleetName("prod"), new HostName("first")), (made.Member.Host.FleetName, made.Member.Host.Host));
        Assert.IsType<PeerVerdict.Accepted>(PeerValidator.Judge(
            made.Member.Certificate, new HostName("first"), again.Member.Trust, _time.Now));
    }

    [Fact]
    public void Keys_and_the_authoritys_document_are_their_owners_alone()
    {
        var files = new MemoryFiles();
        using var made = TestFleet.Found(files, "prod", "first", _time).Value;

        Assert.Equal(
            [TestFleet.Paths.AuthorityDocument, TestFleet.Paths.AuthorityKey, TestFleet.Paths.HostKey],
            files.SecretPaths);
        Assert.All(
            files.Paths.Except(files.SecretPaths),
            path => Assert.DoesNotContain("PRIVATE", System.Text.Encoding.ASCII.GetString(files.Read(path).Value)));
    }

    [Fact]
    public void It_takes_eight_changes()
    {
        var files = new MortalFiles(new MemoryFiles());
        using var made = TestFleet.Found(files, "prod", "first", _time).Value;

        Assert.Equal(Steps, files.Changes);
    }

    [Theory, MemberData(nameof(Deaths))]
    public void What_a_crash_interrupted_is_completed_by_the_same_call(int step, bool afterwards)
    {
        var files = new MemoryFiles();
        Assert.Throws<AgentDiedException>(() => TestFleet.Found(
            new MortalFiles(files) { DiesAt = step, DiesAfterwards = afterwards }, "prod", "first", _time));
        var chosen = IdOnDisk(files);

        using var made = TestFleet.Found(files, "prod", "first", _time).Value;

        Assert.True(chosen is null || chosen == made.Authority.Id);
        AssertWhole(files, made);
    }

    [Theory, MemberData(nameof(Deaths))]
    public void A_half_made_fleet_is_made_anew_under_another_name_until_it_has_its_certificate(
        int step, bool afterwards)
    {
        var files = new MemoryFiles();
        Assert.Throws<AgentDiedException>(() => TestFleet.Found(
            new MortalFiles(files) { DiesAt = step, DiesAfterwards = afterwards }, "prod", "first", _time));
        var hasCertificate = files.Paths.Contains(TestFleet.Paths.AuthorityCertificate);

        var made = TestFleet.Found(files, "other", "first", _time);

        if (hasCertificate)
        {
            Assert.Equal(RefusalKind.Exists, made.Refusal!.Kind);
            return;
        }
        Assert.Equal("other", made.Value.Authority.Name.Value);
        AssertWhole(files, made.Value);
        made.Value.Dispose();
    }

    [Fact]
    public void A_host_that_made_a_fleet_makes_no_other()
    {
        var files = new MemoryFiles();
        using var made = TestFleet.Found(files, "prod", "first", _time).Value;

        Assert.Equal(RefusalKind.Exists, TestFleet.Found(files, "other", "first", _time).Refusal!.Kind);
        Assert.Equal(RefusalKind.Exists, TestFleet.Found(files, "prod", "second", _time).Refusal!.Kind);
    }

    [Fact]
    public void A_host_that_joined_a_fleet_makes_none_of_the_same_name()
    {
        using var fleet = new TestFleet();
        var files = new MemoryFiles();
        var members = new MemberFiles(files, TestFleet.Paths);
        var key = members.EnsureKey().Value;
        var token = fleet.Authority.MakeToken(TimeSpan.FromHours(1)).Value;
        var granted = (Admission.Granted)fleet.Authority.Admit(
            token, new HostName("web1"), TestFleet.RequestOf(key, "web1"));
        members.Save(fleet.Authority.Trust.Current, granted.Certificate);

        var refused = TestFleet.Found(files, "prod", "web1", _time);

        Assert.Equal(RefusalKind.Exists, refused.Refusal!.Kind);
        Assert.DoesNotContain(TestFleet.Paths.AuthorityKey, files.Paths);
    }

    [Theory]
    [InlineData("authority.key")]
    [InlineData("authority.json")]
    [InlineData("authority.crt")]
    [InlineData("host.key")]
    [InlineData("host.crt")]
    [InlineData("fleet.crt")]
    [InlineData("revocations")]
    public void A_damaged_file_is_named(string name)
    {
        var files = new MemoryFiles();
        TestFleet.Found(files, "prod", "first", _time).Value.Dispose();
        var path = $"{TestFleet.Paths.Directory}/{name}";
        files.Replace(path, "garbage"u8);

        var refused = TestFleet.Found(files, "prod", "first", _time);

        Assert.Equal(RefusalKind.WrongState, refused.Refusal!.Kind);
        Assert.Contains(name == "fleet.crt" ? "revocations" : name, refused.Refusal.Subject, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prod")]
    [InlineData("other")]
    public void An_authority_that_lost_its_certificate_is_not_made_anew(string name)
    {
        var files = new MemoryFiles();
        TestFleet.Found(files, "prod", "first", _time).Value.Dispose();
        Assert.True(new MemberFiles(files, TestFleet.Paths).Remove().Succeeded);
        files.Delete(TestFleet.Paths.AuthorityCertificate);
        var before = files.Read(TestFleet.Paths.AuthorityDocument).Value;

        var refused = TestFleet.Found(files, name, "first", _time).Refusal!;

        Assert.Equal((RefusalKind.WrongState, TestFleet.Paths.AuthorityCertificate), (refused.Kind, refused.Subject));
        Assert.Contains("is of fleet prod", refused.Why, StringComparison.Ordinal);
        Assert.Equal(before, files.Read(TestFleet.Paths.AuthorityDocument).Value);
    }

    [Theory]
    [InlineData("authority.json")]
    [InlineData("authority.key")]
    public void A_file_of_an_authority_that_cannot_be_read_is_not_replaced(string name)
    {
        var files = new MemoryFiles();
        Assert.Throws<AgentDiedException>(
            () => TestFleet.Found(new MortalFiles(files) { DiesAt = 2 }, "prod", "first", _time));
        var path = $"{TestFleet.Paths.Directory}/{name}";
        files.ReplaceSecret(path, "garbage"u8);

        var refused = TestFleet.Found(files, "prod", "first", _time).Refusal!;

        Assert.Equal((RefusalKind.WrongState, path), (refused.Kind, refused.Subject));
        Assert.Equal("garbage"u8.ToArray(), files.Read(path).Value);
    }

    [Theory]
    [InlineData("authority.key")]
    [InlineData("host.key")]
    public void A_key_of_another_certificate_is_named(string name)
    {
        var files = new MemoryFiles();
        TestFleet.Found(files, "prod", "first", _time).Value.Dispose();
        using var other = PrivateKey.Make();
        files.ReplaceSecret($"{TestFleet.Paths.Directory}/{name}", other.ToPem());

        var refused = TestFleet.Found(files, "prod", "first", _time);

        Assert.Contains("is not the key of", refused.Refusal!.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_a_refusal_and_the_next_call_completes()
    {
        var files = new MemoryFiles();
        files.Break(TestFleet.Paths.HostCertificate, KernelFault.NoSpace);

        var refused = TestFleet.Found(files, "prod", "first", _time);

        Assert.Equal(RefusalKind.Failed, refused.Refusal!.Kind);
        Assert.Contains("NoSpace", refused.Refusal.Why, StringComparison.Ordinal);
        files.Restore(TestFleet.Paths.HostCertificate);
        using var made = TestFleet.Found(files, "prod", "first", _time).Value;
        AssertWhole(files, made);
    }

    private void AssertWhole(MemoryFiles files, Founded made)
    {
        using var again = TestFleet.Found(files, made.Authority.Name.Value, "first", _time).Value;
        Assert.Equal(made.Member.Host, again.Member.Host);
        Assert.IsType<PeerVerdict.Accepted>(PeerValidator.Judge(
            again.Member.Certificate, new HostName("first"), again.Authority.Trust.Current, _time.Now));
        // The certificate in use is one that a revocation would reach.
        Assert.Contains(
            again.Authority.State.Hosts[new HostName("first")].Certificates,
            each => each.Serial == made.Member.Host.Serial);
    }

    private static FleetId? IdOnDisk(MemoryFiles files) =>
        files.Read(TestFleet.Paths.AuthorityDocument) is { Succeeded: true } read
            ? AuthorityDocument.Read(read.Value, out _)!.Id
            : null;
}
