using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Fleet.Spread;

/// <summary>The rounds that drive an image, stepped under one clock.</summary>
public sealed class ImageRoundTests
{
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly HostName C = new("c");
    private static readonly HostName D = new("d");

    private readonly SteppedFleet _fleet = new();

    [Fact]
    public async Task A_missing_copy_is_decided_its_space_promised_and_then_ordered_with_its_sources()
    {
        Begin(copies: 2);

        await _fleet.Drive();

        var (host, order) = Assert.Single(_fleet.Orders);
        var copy = Assert.IsType<HostOrders.CopyImage>(order);
        Assert.Equal((B, 1ul, SteppedFleet.Pool), (host, copy.Copy.Number, copy.Pool));
        Assert.Equal(A, Assert.Single(copy.Sources));
        Assert.Equal(copy.Copy, Assert.Single(_fleet.LedgerOf(B).Promises).Copy);
        // The host has it: the order is not repeated, and its space is free again.
        _fleet.Orders.Clear();
        _fleet.Announce(B, HoldingKind.Whole);
        await _fleet.Drive();
        Assert.Empty(_fleet.Orders);
        Assert.Empty(_fleet.LedgerOf(B).Promises);
        Assert.Empty(_fleet.State.Copies);
    }

    /// <summary>The orderer dies before or after each of its steps: another one, which knows the journal alone,
    /// completes what was begun, and nothing is done twice.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public async Task A_driver_that_dies_at_any_step_is_followed_by_another_that_completes_its_work(bool isDone)
    {
        var deaths = 0;
        for (var at = 1; ; at++)
        {
            var fleet = new SteppedFleet { IsDone = isDone };
            Begin(fleet, copies: 3);
            fleet.KilledAt = at;
            var died = false;
            for (var rounds = 0; rounds < 20; rounds++)
            {
                try
                {
                    await fleet.Round();
                }
                catch (KilledException)
                {
                    (died, deaths) = (true, deaths + 1);
                }
            }
            fleet.KilledAt = null;
            await fleet.Drive();

            Assert.Equal([B, C], fleet.State.Copies.Values.Select(copy => copy.Target));
            Assert.Equal(2ul, fleet.State.LastCopy);
            foreach (var host in new[] { B, C })
            {
                Assert.Single(fleet.LedgerOf(host).Promises);
                Assert.Contains(fleet.Orders, sent => sent.Host == host);
                fleet.Announce(host, HoldingKind.Whole);
            }
            await fleet.Drive();
            Assert.Equal([A, B, C], fleet.State.Holders);
            Assert.All(new[] { B, C, D }, host => Assert.Empty(fleet.LedgerOf(host).Promises));
            if (!died)
                break;
        }
        Assert.True(deaths > 20, $"{deaths}");
    }

    [Fact]
    public async Task A_target_that_refuses_or_is_silent_is_followed_by_another_host()
    {
        Begin(copies: 2);
        await _fleet.Drive();
        _fleet.Do(new ImageCommands.NoteFailure(1, "no space", _fleet.Settings.RetryAfter, _fleet.Now));
        await _fleet.Drive();
        Assert.Equal(C, Assert.Single(_fleet.State.Copies.Values).Target);
        Assert.Empty(_fleet.LedgerOf(B).Promises);

        // Nothing is heard of the second one.
        _fleet.Wait(_fleet.Settings.CopyLease);
        await _fleet.Drive();

        Assert.NotEqual(C, Assert.Single(_fleet.State.Copies.Values).Target);
        Assert.Empty(_fleet.LedgerOf(C).Promises);
    }

    [Fact]
    public async Task A_lost_host_is_noted_by_its_ledger_its_copy_restored_after_a_while_and_it_is_counted_once()
    {
        Begin(copies: 2);
        _fleet.Announce(B, HoldingKind.Whole);
        await _fleet.Drive();

        _fleet.Lose(B);
        await _fleet.Drive();
        Assert.NotNull(_fleet.State.Hosts[B].LostSince);
        Assert.Empty(_fleet.Orders);
        Assert.True(ImageCare.IsNeeded(_fleet.State));

        _fleet.Wait(_fleet.Settings.RestoreAfter);
        await _fleet.Drive();
        var (target, _) = Assert.Single(_fleet.Orders);
        Assert.Equal(C, target);
        _fleet.Announce(C, HoldingKind.Whole);
        await _fleet.Drive();
        Assert.Equal([A, C], _fleet.State.Holders);

        // It is back: three copies, and one is one too many.
        _fleet.Return(B, HoldingKind.Whole);
        _fleet.Orders.Clear();
        await _fleet.Drive();
        var released = Assert.IsType<HostOrders.ReleaseImage>(Assert.Single(_fleet.Orders).Order);
        Assert.Equal(SteppedFleet.Image, released.Image);
        Assert.Single(_fleet.State.Releasing);
        Assert.Equal(3, _fleet.State.Holders.Count());
    }

    [Fact]
    public async Task A_surplus_goes_one_by_one_and_the_last_verified_copy_never()
    {
        Begin(copies: 3);
        _fleet.Announce(B, HoldingKind.Whole);
        _fleet.Announce(C, HoldingKind.Whole);
        await _fleet.Drive();
        _fleet.SetCopies(1);
        var gone = new List<HostName>();
        for (var turns = 0; turns < 6; turns++)
        {
            _fleet.Orders.Clear();
            await _fleet.Drive();
            if (_fleet.Orders.Count == 0)
                break;
            var (host, _) = Assert.Single(_fleet.Orders);
            Assert.IsType<ImageReplies.MayDrop>(_fleet.AskToRelease(host));
            _fleet.Announce(host);
            gone.Add(host);
        }
        Assert.Equal(2, gone.Count);
        // A host that asks by itself is answered no.
        var last = Assert.Single(_fleet.State.Holders);
        Assert.IsType<ImageReplies.MustKeep>(_fleet.AskToRelease(last));
    }

    [Fact]
    public async Task The_layers_that_hosts_have_with_equal_content_count_for_the_choice()
    {
        Begin(copies: 2);
        // What A has is the measure; C has the lowest layer, D only the one above it.
        _fleet.Has(A, 1);
        _fleet.Has(A, 2);
        _fleet.Has(C, 1);
        _fleet.Has(D, 2);

        await _fleet.Drive();

        Assert.Equal(C, Assert.Single(_fleet.Orders).Host);
        var candidates = _fleet.State.Decisions[^1].Candidates;
        Assert.Equal(500, candidates.Single(candidate => candidate.Host == C).Locality);
        Assert.Equal(0, candidates.Single(candidate => candidate.Host == D).Locality);
        Assert.Equal(SteppedFleet.Small, _fleet.State.Copies[1].Space);
    }

    [Fact]
    public async Task If_no_host_fits_that_is_journaled_once_and_a_host_with_room_is_taken_later()
    {
        var full = new PoolSpace(ByteSize.MiB(50), ByteSize.MiB(1));
        _fleet.Define(copies: 2);
        _fleet.Announce(A, HoldingKind.Whole);
        _fleet.Announce(B, free: full);
        await _fleet.Drive();
        var rounds = _fleet.Journal.Count;
        await _fleet.Drive();
        Assert.Equal(rounds, _fleet.Journal.Count);
        Assert.Equal(
            CandidateVerdict.LowData,
            _fleet.State.Decisions[^1].Candidates.Single(candidate => candidate.Host == B).Verdict);
        Assert.True(ImageCare.IsNeeded(_fleet.State));

        _fleet.Announce(B);
        await _fleet.Drive();

        Assert.Equal(B, Assert.Single(_fleet.Orders).Host);
    }

    [Fact]
    public async Task A_host_whose_ledger_does_not_answer_is_no_place_and_keeps_no_image_from_the_others()
    {
        Begin(copies: 2);
        _fleet.Silent.Add(B);

        await _fleet.Drive();

        Assert.Equal(C, Assert.Single(_fleet.Orders).Host);
        Assert.DoesNotContain(_fleet.State.Decisions[^1].Candidates, candidate => candidate.Host == B);
    }

    [Fact]
    public async Task Nothing_is_decided_of_an_image_while_a_ledger_of_its_own_hosts_does_not_answer()
    {
        Begin(copies: 2);
        _fleet.Silent.Add(A);

        await _fleet.Drive();

        Assert.Empty(_fleet.State.Copies);
    }

    [Fact]
    public async Task A_copy_that_could_not_be_renewed_while_the_database_was_away_has_a_whole_lease_after_its_return()
    {
        Begin(copies: 2);
        await _fleet.Drive();
        var copy = Assert.Single(_fleet.State.Copies.Values);
        _fleet.Wait(_fleet.Settings.CopyLease * 2);
        _fleet.ReadySince = _fleet.Now;

        await _fleet.Drive();

        Assert.Equal(copy, Assert.Single(_fleet.State.Copies.Values));
        Assert.IsType<ImageReplies.CopyContinues>(_fleet.Do(
            new ImageCommands.NoteProgress(copy.Id.Number, _fleet.Settings.CopyLease, _fleet.Now)));
        // Of which nothing is heard then is given up.
        _fleet.Wait(_fleet.Settings.CopyLease);
        await _fleet.Drive();
        Assert.DoesNotContain(copy.Id.Number, _fleet.State.Copies.Keys);
    }

    private void Begin(int copies) => Begin(_fleet, copies);

    private static void Begin(SteppedFleet fleet, int copies)
    {
        fleet.Define(copies);
        fleet.Announce(A, HoldingKind.Whole);
        foreach (var host in new[] { B, C, D })
            fleet.Announce(host);
    }
}
