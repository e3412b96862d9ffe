"""The conformance kit: what every storage and every table must do, to test yours against.

    pytest.register_assert_rewrite("holdfast.blobstore.testkit")  # in conftest.py, once

    class TestMine(StorageSuite):
        abilities = frozenset({ReadsRanges})

        def open(self, folder: Path) -> Storage:
            return MyStorage(folder)

`storagesuite.StorageSuite` has the tests of storages, `storagemachine.StorageMachine` looks for
sequences of calls that go wrong, `tablesuite.TableSuite` has the tests of sorted tables. All need
pytest, the second hypothesis too; nothing outside of tests may import this package.
"""
